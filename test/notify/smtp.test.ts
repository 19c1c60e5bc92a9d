import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Fault } from '../../agent/lib/errors.ts'
import { Options, smtp } from '../../agent/notify/smtp.ts'
import { page } from './notification.ts'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/smtp/${name}`, import.meta.url), 'utf8')
const certificate = { key: fixture('server-key.pem'), cert: fixture('server.pem') }
const never = new AbortController().signal

interface Mail {
  readonly text: string
  readonly recipients: readonly string[]
  readonly isEncrypted: boolean
  readonly user: string | undefined
}

/** A real SMTP server on loopback that keeps its mails. */
async function mailServer(options: SMTPServerOptions = {}) {
  const mails: Mail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push({
          text: Buffer.concat(chunks).toString('utf8'),
          recipients: session.envelope.rcptTo.map(({ address }) => address),
          isEncrypted: session.secure === true,
          user: typeof session.user === 'string' ? session.user : undefined,
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return { port: (server.server.address() as AddressInfo).port, mails }
}

function channel(port: number, options: Record<string, unknown> = {}) {
  return smtp(
    Options.parse({
      host: '127.0.0.1',
      port,
      security: 'none',
      from: 'failwise@example.org',
      to: ['oncall@example.org'],
      ...options,
    }),
  )
}

async function faultOf(sending: Promise<void>): Promise<Fault> {
  return sending.then(
    () => Promise.reject(new Error('it was accepted')),
    (fault: Fault) => fault,
  )
}

function headersOf({ text }: Mail): Record<string, string> {
  const [head = ''] = text.split('\r\n\r\n')
  const lines = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
}

describe('the mail channel', () => {
  it('delivers a page to everybody, as plain text that reads', async () => {
    const { port, mails } = await mailServer()
    await channel(port, { to: ['oncall@example.org', 'lead@example.org'] }).send(page(), never)
    expect(mails).toHaveLength(1)
    const [mail] = mails as [Mail]
    expect(mail.recipients).toEqual(['oncall@example.org', 'lead@example.org'])
    expect(headersOf(mail)).toMatchObject({
      from: 'failwise@example.org',
      subject: '[page] checkout: a person is needed',
      'content-type': 'text/plain; charset=utf-8',
      'x-failwise-kind': 'page',
      'x-priority': '1',
      'auto-submitted': 'auto-generated',
    })
    expect(mail.text).toContain('the region is down')
    expect(mail.text).toContain('failwise explain dec-1')
  })

  it('gives a repeat the same message id, and mails of one incident one thread', async () => {
    const { port, mails } = await mailServer()
    const mail = channel(port)
    await mail.send(page(), never)
    await mail.send(page(), never)
    await mail.send(page({ id: 'resolved:inc-1', kind: 'resolve' }), never)
    const [first, again, ended] = mails.map(headersOf)
    expect(again?.['message-id']).toBe(first?.['message-id'])
    expect(ended?.['message-id']).not.toBe(first?.['message-id'])
    expect(ended?.references).toBe(first?.references)
    expect(ended?.subject).toMatch(/^\[ended\]/)
  })

  it('lets no title add a header or a recipient', async () => {
    const { port, mails } = await mailServer()
    await channel(port).send(page({ title: 'x\r\nBcc: victim@example.org\r\n\r\nhello \u202etxt' }), never)
    const [mail] = mails as [Mail]
    expect(mail.recipients).toEqual(['oncall@example.org'])
    expect(headersOf(mail)).not.toHaveProperty('bcc')
    expect(headersOf(mail).subject).toBe('[page] x Bcc: victim@example.org hello txt')
  })

  it('logs in over STARTTLS with a private authority', async () => {
    const { port, mails } = await mailServer({
      ...certificate,
      disabledCommands: [],
      authOptional: false,
      onAuth: ({ username, password }, _session, done) =>
        password === 'right' ? done(null, { user: username }) : done(new Error('no')),
    })
    await channel(port, { security: 'starttls', user: 'agent', password: 'right', ca: certificate.cert }).send(
      page(),
      never,
    )
    expect(mails).toMatchObject([{ isEncrypted: true, user: 'agent' }])
    const refused = await faultOf(
      channel(port, { security: 'starttls', user: 'agent', password: 'wrong-one', ca: certificate.cert }).send(
        page(),
        never,
      ),
    )
    expect(refused).toMatchObject({ code: 'upstream_refused', retryable: false, details: { reply: 535 } })
    expect(refused.message + JSON.stringify(refused.details)).not.toContain('wrong-one')
  })

  it('speaks TLS from the first byte when told to', async () => {
    const { port, mails } = await mailServer({ ...certificate, secure: true })
    await channel(port, { security: 'tls', ca: certificate.cert }).send(page(), never)
    expect(mails).toMatchObject([{ isEncrypted: true }])
  })

  it('sends nothing to a server without STARTTLS, or with a certificate that nobody trusts', async () => {
    const plain = await mailServer()
    expect(await faultOf(channel(plain.port, { security: 'starttls' }).send(page(), never))).toMatchObject({
      details: { kind: 'ETLS' },
    })
    const untrusted = await mailServer({ ...certificate, disabledCommands: [] })
    expect(await faultOf(channel(untrusted.port, { security: 'starttls' }).send(page(), never))).toMatchObject({
      code: 'upstream_unreachable',
    })
    expect([...plain.mails, ...untrusted.mails]).toEqual([])
  })

  it.each([
    [450, true],
    [550, false],
  ])('refused with %i may be tried again: %s', async (responseCode, retryable) => {
    const { port } = await mailServer({
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('mailbox of victim@example.org'), { responseCode })),
    })
    const fault = await faultOf(channel(port).send(page(), never))
    expect(fault).toMatchObject({ code: 'upstream_refused', retryable, details: { reply: responseCode } })
    expect(fault.message).not.toContain('victim')
  })

  it('gives up on a server that never greets when its time is over', async () => {
    const connected = Promise.withResolvers<void>()
    const silent = createServer(() => connected.resolve())
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const time = new AbortController()
    const sending = faultOf(channel((silent.address() as AddressInfo).port).send(page(), time.signal))
    await connected.promise
    time.abort()
    expect(await sending).toMatchObject({ code: 'deadline', retryable: true })
  })

  it('reaches nobody on a closed port, which may pass', async () => {
    expect(await faultOf(channel(1).send(page(), never))).toMatchObject({
      code: 'upstream_unreachable',
      retryable: true,
    })
  })

  it('refuses to send a password in the clear', () => {
    const options = {
      host: 'mail',
      from: 'a@example.org',
      to: ['b@example.org'],
      security: 'none',
      user: 'u',
      password: 'p',
    }
    expect(Options.safeParse(options).success).toBe(false)
    expect(Options.safeParse({ ...options, security: 'tls', password: undefined }).success).toBe(false)
    expect(Options.safeParse({ ...options, security: 'tls' }).success).toBe(true)
  })
})
