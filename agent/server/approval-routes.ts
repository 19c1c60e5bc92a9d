import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Approval, ApprovalStatus } from '../domain/approval.ts'
import { Fault } from '../lib/errors.ts'
import { type Access, callerOf, needs } from './auth.ts'
import type { ServerDeps } from './deps.ts'
import { ErrorBody } from './errors.ts'

const IdParams = z.object({ id: z.string().min(1).max(200) })

const Permission = z.object({ isAllowed: z.boolean(), reason: z.string().nullable() })

/** As the caller sees it. */
export const QuestionBody = Approval.extend({
  consent: z.string().nullable().meta({ description: 'words to type where approving may lose data' }),
  may: z.object({ approve: Permission, refuse: Permission, moreTime: Permission, lookAgain: Permission }),
})

const AnswerBody = z.object({
  answer: z.enum(['approve', 'refuse']),
  reason: z.string().max(500).default('').meta({ description: 'why; a refusal needs it' }),
  consent: z
    .string()
    .max(100)
    .default('')
    .meta({ description: 'the words of the question, where approving may lose data' }),
  seen: z
    .object({ factsHash: z.string().max(200), planHash: z.string().max(200).nullable() })
    .meta({ description: 'of the question as it was shown; an answer to something else does not count' }),
})

/** Questions to people, and their answers: the same rules as in Slack and on the command line. */
export function approvalRoutes(app: FastifyInstance, deps: ServerDeps, access: Access): void {
  const typed = app.withTypeProvider<ZodTypeProvider>()
  const errors = { 400: ErrorBody, 401: ErrorBody, 403: ErrorBody, 404: ErrorBody, 409: ErrorBody, 503: ErrorBody }

  typed.get(
    '/v1/approvals',
    {
      onRequest: needs(access, 'read'),
      schema: {
        tags: ['approvals'],
        summary: 'Questions to people, newest first, with what the caller may answer',
        querystring: z.object({
          status: ApprovalStatus.optional(),
          incident: z.string().max(200).optional(),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
        response: { 200: z.array(QuestionBody), ...errors },
      },
    },
    async (request) => {
      const { status = null, incident = null, limit } = request.query
      return [...(await deps.listQuestions({ status, incidentId: incident, limit }, callerOf(request)))]
    },
  )

  typed.get(
    '/v1/approvals/:id',
    {
      onRequest: needs(access, 'read'),
      schema: {
        tags: ['approvals'],
        summary: 'One question, with what the caller may answer',
        params: IdParams,
        response: { 200: QuestionBody, ...errors },
      },
    },
    async (request) => (await deps.getQuestion(request.params.id, callerOf(request))) ?? notFound(request.params.id),
  )

  typed.post(
    '/v1/approvals/:id/answer',
    {
      onRequest: needs(access, 'approve'),
      schema: {
        tags: ['approvals'],
        summary: 'A person’s yes or no; 409 says why it does not count',
        params: IdParams,
        body: AnswerBody,
        response: { 200: z.object({ text: z.string() }), ...errors },
      },
    },
    async (request) => deps.answer(request.params.id, request.body, callerOf(request)),
  )

  typed.post(
    '/v1/approvals/:id/more-time',
    {
      onRequest: needs(access, 'approve'),
      schema: {
        tags: ['approvals'],
        summary: 'Lets a question stand longer, up to the limit of the settings; 409 says why not',
        params: IdParams,
        response: { 200: z.object({ text: z.string() }), ...errors },
      },
    },
    async (request) => deps.moreTime(request.params.id, callerOf(request)),
  )

  typed.post(
    '/v1/approvals/:id/look-again',
    {
      onRequest: needs(access, 'respond'),
      schema: {
        tags: ['approvals'],
        summary: 'Looks at the evidence behind a question again, now; 409 says why not',
        params: IdParams,
        response: { 200: z.object({ text: z.string() }), ...errors },
      },
    },
    async (request) => deps.lookAgain(request.params.id, callerOf(request)),
  )
}

function notFound(id: string): never {
  throw new Fault('not_found', `there is no question ${JSON.stringify(id)}`)
}
