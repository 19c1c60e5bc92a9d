import { createTransport } from 'nodemailer'
import { z } from 'zod'
import { hashOf } from '../domain/canonical.ts'
import { Fault } from '../lib/errors.ts'
import type { Notification, Notifier } from './notifier.ts'
import { plainLine, renderText } from './plain-text.ts'

export const Options = z
  .strictObject({
    name: z.string().min(1).default('smtp'),
    host: z.string().min(1),
    port: z.number().int().min(1).max(65_535).default(587),
    /** `starttls` refuses servers that do not offer it; `none` sends in the clear and belongs on loopback. */
    security: z.enum(['starttls', 'tls', 'none']).default('starttls'),
    user: z.string().optional(),
    password: z.string().optional(),
    from: z.email(),
    to: z.array(z.email()).min(1),
    /** Certificate authority in PEM, for servers with a private one. */
    ca: z.string().optional(),
    timeoutMs: z.number().int().positive().default(10_000),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    message: 'user and password come together',
    path: ['password'],
  })
  .refine(({ security, user }) => security !== 'none' || user === undefined, {
    message: 'a password is not sent over an unencrypted connection; use starttls or tls',
    path: ['security'],
  })
export type Options = z.infer<typeof Options>

/** Sends the message as a plain-text mail; mails about one incident form one thread. */
export function smtp(options: Options): Notifier {
  const { host, port, security, user, password, timeoutMs } = options
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user !== undefined && password !== undefined ? { auth: { user, pass: password } } : {}),
    tls: { minVersion: 'TLSv1.2', ...(options.ca ? { ca: options.ca } : {}) },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // Texts come from alerts; nothing in them may make the mailer read a file or a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    name: options.name,
    async send(notification, abort) {
      const mail = {
        from: options.from,
        to: options.to,
        subject: subjectOf(notification),
        text: renderText(notification),
        messageId: messageId(notification.id, options.from),
        references: messageId(notification.dedupeKey, options.from),
        headers: {
          'X-Failwise-Kind': notification.kind,
          'Auto-Submitted': 'auto-generated',
          ...(notification.kind === 'notify' ? {} : { 'X-Priority': '1', Importance: 'high' }),
        },
        signal: abort,
      }
      try {
        const { rejected } = await transport.sendMail(mail)
        if (rejected.length === options.to.length)
          throw new Fault('upstream_refused', 'the mail server took none of the recipients')
      } catch (error) {
        throw mailFault(options.name, error)
      }
    },
  }
}

function subjectOf({ kind, title }: Notification): string {
  const prefix = { page: '[page] ', late: '[page] ', notify: '', resolve: '[ended] ' }[kind]
  return `${prefix}${plainLine(title, 200)}`
}

/** The same message always has the same id, so that mail systems can drop a repeat. */
function messageId(key: string, from: string): string {
  return `<${hashOf(key).slice(0, 32)}@${from.slice(from.lastIndexOf('@') + 1)}>`
}

/** Replies from 500 on and refused credentials are final; the server's words are left out, since they may quote an address or a login. */
function mailFault(channel: string, error: unknown): Fault {
  if (error instanceof Fault) return error
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown }
  if (code === 'EABORT') return new Fault('deadline', `the mail server of channel ${channel} took too long`)
  const reply = typeof responseCode === 'number' ? responseCode : null
  const kind = typeof code === 'string' ? code : 'unknown'
  const isFinal = reply === null ? ['EENVELOPE', 'ENOAUTH', 'ECONFIG'].includes(kind) : reply >= 500
  const said = reply === null ? `failed (${kind})` : `answered ${reply} (${kind})`
  return new Fault(
    reply === null ? 'upstream_unreachable' : 'upstream_refused',
    `the mail server of channel ${channel} ${said}`,
    {
      retryable: !isFinal,
      details: { channel, kind, ...(reply === null ? {} : { reply }) },
    },
  )
}
