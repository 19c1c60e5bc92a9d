import { z } from 'zod'
import { HealthScoreOptions } from '../domain/health-score.ts'
import { StoreOptions } from '../store/open-store.ts'
import { AnalystSettings } from './analyst-settings.ts'
import { AnomalySettings } from './anomaly-settings.ts'
import { ApprovalSettings, SlackSettings } from './approval-settings.ts'
import { DrillSettings } from './drill-settings.ts'
import { EventsSettings } from './events-settings.ts'
import { NotifySettings } from './notify-settings.ts'
import { GroupSettings, PeopleSettings } from './people-settings.ts'
import { ServerOptions } from './server-options.ts'
import { TracingSettings } from './tracing-settings.ts'

const Days = z.number().positive()

/** The agent's own settings: failwise.yaml. Every key has a default; an agent without the file decides and records, and never acts. */
export const Settings = z
  .strictObject({
    version: z.literal(1).default(1),
    /** `shadow` decides and records; `live` also asks and acts. */
    mode: z.enum(['shadow', 'live']).default('shadow'),
    /** Name of this agent among several on one database; a random one without it. */
    agentId: z.string().min(1).optional(),
    log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info') }).prefault({}),
    tracing: TracingSettings,
    server: ServerOptions,
    /** How people reach the server in messages; by default the address it listens on. */
    publicUrl: z.url({ protocol: /^https?$/ }).optional(),
    store: z
      .strictObject({
        /** Folder of the embedded PostgreSQL and of the files beside it. */
        folder: z.string().min(1).default('.failwise'),
        /** A PostgreSQL of your own; kept outside the place that may fail. */
        databaseUrl: z.string().min(1).optional(),
        options: StoreOptions,
        retention: z
          .strictObject({
            rawBodyDays: Days.default(90),
            rawScoreHours: z.number().positive().default(48),
            fiveMinuteScoreDays: Days.default(14),
            hourScoreDays: Days.default(365),
            evaluationDays: Days.default(90),
            sentNotificationDays: Days.default(90),
            deliveryDays: Days.default(7),
            changeDays: Days.default(90),
            alertStateDays: Days.default(30),
          })
          .prefault({}),
      })
      .prefault({}),
    notify: NotifySettings,
    events: EventsSettings,
    people: PeopleSettings,
    groups: GroupSettings,
    approval: ApprovalSettings,
    slack: SlackSettings,
    drills: DrillSettings,
    audit: z
      .strictObject({
        /** Where the newest chain head is copied outside the database; put it on another disk or an append-only mount. */
        anchorFile: z.string().min(1).optional(),
      })
      .prefault({}),
    analyst: AnalystSettings,
    anomaly: AnomalySettings,
    healthScore: HealthScoreOptions,
    watch: z
      .strictObject({
        enabled: z.boolean().default(true),
        intervalSeconds: z.number().min(5).default(30),
        concurrency: z.number().int().min(1).default(16),
      })
      .prefault({}),
    assess: z
      .strictObject({
        /** From the start of an assessment to its decision; past it a person is paged with the manual runbook. */
        deadlineSeconds: z.number().min(5).max(600).default(60),
        concurrency: z.number().int().min(1).max(256).default(8),
        windowMinutes: z.number().min(10).max(360).default(60),
      })
      .prefault({}),
    /** Probes of the agent's own: when it cannot see the recovery site nor a neutral place, it is the one cut off. */
    isolation: z
      .strictObject({
        recoverySiteUrl: z.url().optional(),
        neutralAnchorUrl: z.url().optional(),
      })
      .prefault({}),
    ingest: z
      .strictObject({
        /** SNS topics that we subscribed to; messages of others are refused whatever their signature. */
        snsTopicArns: z.array(z.string().min(1)).default([]),
      })
      .prefault({}),
    /** Key of the placeholders that stand for secrets; the same key gives the same placeholders. Kept in the data folder when not set. */
    maskKey: z.string().min(16).optional(),
  })
  .superRefine(({ people, groups, server, publicUrl }, context) => {
    if (server.oidc && publicUrl === undefined)
      context.addIssue({
        code: 'custom',
        path: ['publicUrl'],
        message: 'is needed for server.oidc: the provider sends people back to publicUrl/v1/session/oidc/callback',
      })
    for (const [index, { name }] of groups.entries())
      if (people.some((person) => person.name === name))
        context.addIssue({
          code: 'custom',
          path: ['groups', index, 'name'],
          message: `"${name}" is a person's name too; an approver's name must mean one thing`,
        })
  })
export type Settings = z.infer<typeof Settings>
