import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { consentPhrase, isConsent } from '../../agent/approval/card.ts'
import { approveDialog, refuseDialog } from '../../agent/approval/dialogs.ts'
import { renderCard } from '../../agent/approval/render-card.ts'
import {
  renderAskedAgain,
  renderDetails,
  renderEscalation,
  renderLaterAlert,
  renderMoreAlerts,
  renderPrompt,
} from '../../agent/approval/render-thread.ts'
import { cut, duration, escaped, plain } from '../../agent/approval/text.ts'
import { blocksProblem } from '../../agent/cli/local-slack/block-rules.ts'
import { sampleCard } from './sample-card.ts'
import { textOf } from './scene.ts'

describe('a message', () => {
  const cards = [
    sampleCard(),
    sampleCard({ running: true }),
    sampleCard({ hostile: true }),
    sampleCard({ hostile: true, running: true }),
  ]

  it('stays within the limits of Slack whatever others wrote into it', () => {
    for (const card of cards) {
      const many = { ...card, allEvidence: Array.from({ length: 400 }, () => card.allEvidence).flat() }
      const messages = [
        renderCard(card),
        renderDetails(many),
        renderPrompt(card.decisionId, 'word '.repeat(20_000)),
        renderAskedAgain(card),
        renderEscalation(card, card.approval.approvers, card.mentions),
        renderLaterAlert({ fingerprint: 'f', text: 'x'.repeat(5000), atMs: 0 }),
        renderMoreAlerts([{ fingerprint: 'f', text: 'x'.repeat(5000), atMs: 0 }]),
      ]
      for (const { text, blocks } of messages) {
        expect(blocksProblem(blocks)).toBeNull()
        expect(text.length).toBeLessThan(3000)
        expect(JSON.stringify(blocks).length).toBeLessThan(40_000)
      }
      for (const dialog of [approveDialog(card), refuseDialog(card)]) {
        expect(blocksProblem(dialog.blocks, 100)).toBeNull()
        expect(String(dialog.private_metadata).length).toBeLessThan(3000)
      }
    }
  })

  it('lets no word of others become a mention, a link, markup or a second line', () => {
    for (const card of cards.slice(2)) {
      const { text, blocks } = renderCard(card)
      expect(text).not.toMatch(/<|https?:\/\/evil/)
      const json = JSON.stringify(blocks)
      expect(json).not.toMatch(/https?:\/\/evil|\u202e|\\u0000/)
      expect(json).not.toContain('mrkdwn')
      const users = json.match(/"user_id":"[^"]+"/g)
      expect(users ?? []).toEqual(json.includes('"user"') ? ['"user_id":"U0ALICE"'] : [])
      for (const url of json.match(/"url":"[^"]+"/g) ?? []) expect(url).toMatch(/failwise\.example|wiki\.example/)
    }
  })

  it('says how much is hidden', () => {
    const card = sampleCard()
    expect(textOf(renderCard(card).blocks)).toContain('and 1 more, in the thread')
    const many = { ...card, allEvidence: Array.from({ length: 400 }, () => card.allEvidence).flat() }
    expect(textOf(renderDetails(many).blocks)).toMatch(/… and \d+ more, in the record/)
    expect(textOf(renderPrompt('d', 'x'.repeat(20_000)).blocks)).toContain('more characters are not shown')
  })

  it('puts the buttons before the long part, and needs no button that cannot count', () => {
    const types = renderCard(sampleCard()).blocks.map(({ type }) => type)
    expect(types.indexOf('actions')).toBe(3)
    expect(JSON.stringify(renderCard(sampleCard({ running: true })).blocks)).not.toContain('failwise_approve')
  })

  it('can be understood by its text alone', () => {
    expect(renderCard(sampleCard()).text).toBe(
      'Approve? Fail over checkout to aws eu-central-1 · aws_infrastructure · data loss: up to 4 s of writes · answer by 03:20 UTC, silence means no',
    )
    expect(renderCard(sampleCard({ running: true })).text).toContain('stage 3: promote-database')
  })

  it('changes once a minute while it counts, and every quarter of one while it runs', () => {
    const at = (card: ReturnType<typeof sampleCard>) => JSON.stringify(renderCard(card))
    const asked = (nowMs: number) => at(sampleCard({ changes: { nowMs } }))
    const now = sampleCard().nowMs
    expect(asked(now + 10_000)).toBe(asked(now))
    expect(asked(now + 60_000)).not.toBe(asked(now))
    const running = sampleCard({ running: true })
    const shownAfter = (elapsedSeconds: number) => at({ ...running, run: { ...running.run!, elapsedSeconds } })
    expect(shownAfter(44)).toBe(shownAfter(41))
    expect(shownAfter(46)).not.toBe(shownAfter(44))
  })
})

describe('the consent', () => {
  it('names the amount, and is asked for whenever something may be lost', () => {
    expect(consentPhrase({ target: 'dr', dataLossSeconds: 3.2 })).toBe('lose 4 s')
    expect(consentPhrase({ target: 'dr', dataLossSeconds: null })).toBe('lose unknown')
    expect(consentPhrase({ target: 'dr', dataLossSeconds: 0 })).toBeNull()
    expect(consentPhrase({ target: null, dataLossSeconds: null })).toBeNull()
    expect(isConsent('Lose  4 S', 'lose 4 s')).toBe(true)
    for (const typed of ['', '4', 'lose', 'lose 40 s', 'lose 4 s or more'])
      expect(isConsent(typed, 'lose 4 s')).toBe(false)
  })
})

describe('text of others', () => {
  it('is one line within its limit, whole characters only, without markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 200 }), (text, limit) => {
        const line = plain(text, limit)
        expect(line).not.toMatch(/[\n\r\u2028\u202e\u200b]|\p{Cc}/u)
        expect(line.isWellFormed()).toBe(true)
        expect(cut(text.toWellFormed(), limit).length).toBeLessThanOrEqual(limit)
        expect(escaped(text, limit)).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/)
      }),
      { numRuns: 150 },
    )
  })

  it('tells times in words for people', () => {
    expect([5, 89, 90, 600, 5400, 9000].map(duration)).toEqual([
      '5 s',
      '89 s',
      '2 min',
      '10 min',
      '1 h 30 min',
      '2 h 30 min',
    ])
  })
})
