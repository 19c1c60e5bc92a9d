import { z } from 'zod'
import { ApproverGroup, Person } from '../approval/people.ts'

/** Everybody who may answer questions, once each, whichever way they come in. */
export const PeopleSettings = z
  .array(Person)
  .superRefine((people, context) => {
    for (const key of ['name', 'slackUserId', 'tokenHash', 'identity'] as const) {
      const seen = new Set<string>()
      for (const [index, person] of people.entries()) {
        const value = person[key]
        if (value === undefined) continue
        if (seen.has(value))
          context.addIssue({
            code: 'custom',
            path: [index, key],
            message: 'two people have this; one person stands here once',
          })
        seen.add(value)
      }
    }
  })
  .default([])

/** Names that stand for several people. A group that only people list needs no entry here. */
export const GroupSettings = z
  .array(ApproverGroup)
  .superRefine((groups, context) => {
    const names = groups.map(({ name }) => name)
    for (const [index, name] of names.entries())
      if (names.indexOf(name) !== index)
        context.addIssue({ code: 'custom', path: [index, 'name'], message: `two groups are named "${name}"` })
  })
  .default([])
