import type {
  Action,
  AuditEntry,
  Category,
  Ceiling,
  Disposition,
  Observer,
  ScoreLevel,
  Service,
  Site,
  Target,
} from './api/types.ts'

/** What can be done, as people say it. */
export const ACTION_WORDS: Readonly<Record<Action, string>> = {
  no_action: 'do nothing',
  observe: 'keep watching',
  self_heal: 'heal in place',
  rollback_change: 'roll the change back',
  region_failover: 'fail over to the other region',
  dr_failover: 'fail over to the recovery site',
  page_human: 'page a person',
}

export const CEILING_WORDS: Readonly<Record<Ceiling, string>> = {
  act: 'may run by itself',
  ask: 'only with a person’s yes',
  notify: 'only tell people',
  none: 'not permitted',
}

export const DISPOSITION_WORDS: Readonly<Record<Disposition, string>> = {
  act: 'carried out',
  ask: 'asks a person first',
  notify: 'people are told',
  record: 'recorded only',
}

export const CATEGORY_WORDS: Readonly<Record<Category, string>> = {
  aws_infrastructure: 'a fault at AWS',
  azure_infrastructure: 'a fault at Azure',
  gcp_infrastructure: 'a fault at Google Cloud',
  cloudflare_infrastructure: 'a fault at Cloudflare',
  cdn_infrastructure: 'a fault of the CDN',
  network_transit: 'a fault of the network between',
  third_party_service: 'a fault of a supplier',
  internal_deploy: 'an own deploy',
  internal_config: 'an own configuration change',
  internal_capacity: 'own capacity',
  internal_data: 'own data',
  internal_certificate: 'an own certificate',
  security: 'a security matter',
  monitoring_fault: 'a fault of the monitoring',
  mixed: 'several causes at once',
  none: 'nothing wrong',
  unknown: 'an unknown cause',
}

export const OBSERVER_WORDS: Readonly<Record<Observer, string>> = {
  provider: 'provider',
  own_telemetry: 'own telemetry',
  outside_probe: 'outside probe',
  change: 'own changes',
  target: 'failover target',
}

export const LEVEL_WORDS: Readonly<Record<ScoreLevel, string>> = {
  none: 'calm',
  self_heal: 'reads like self-heal',
  region_failover: 'reads like a region failover',
  dr_failover: 'reads like a recovery-site failover',
}

export const KIND_WORDS: Readonly<Partial<Record<AuditEntry['kind'], string>>> = {
  decision_made: 'decision',
  assessment_failed: 'assessment failed',
  approval_requested: 'approval requested',
  approval_voted: 'vote',
  approval_closed: 'approval closed',
  run_requested: 'run requested',
  run_changed: 'run changed',
  run_measured: 'run measured',
  cooldown_ended: 'cooldown ended',
  freeze_set: 'freeze set',
  freeze_lifted: 'freeze lifted',
  incident_closed: 'incident closed',
  policy_loaded: 'policy loaded',
  agent_started: 'agent started',
  agent_taken_over: 'agent taken over',
  store_exported: 'store exported',
  store_imported: 'store imported',
  administrative_act: 'administrative act',
}

/** The words of a table, or the key itself: an agent newer than this page may send what the page does not know. */
export function wordFor(words: Readonly<Partial<Record<string, string>>>, key: string): string {
  return Object.hasOwn(words, key) ? (words[key] ?? key) : key.replaceAll('_', ' ')
}

const IDENTIFIERS = new RegExp(
  `\\b(${[...Object.keys(CATEGORY_WORDS), ...Object.keys(ACTION_WORDS)].filter((key) => key.includes('_')).join('|')})\\b`,
  'g',
)

/** A rule's own words with the identifiers in them said plainly. */
export function plainText(text: string): string {
  const about = text
    .replace(/^(.+) is not answered by it$/, 'this is no answer to $1')
    .replace('not known: no_evidence', 'nothing could be read about the place to go to')
    .replace('(no_evidence)', '(nothing could be read about it)')
    .replace('no plan for this action', 'there is no plan for it')
    .replace(/\bchanges:[\w-]+ \((.+? of [^)]+)\) came/, 'a change ($1) came')
    .replace(
      /^own telemetry: (.+?), outside probes: (.+?), for (.+?) of at most (.+)$/,
      'on whether users are hurt, own telemetry says $1 and outside probes say $2; that has lasted $3, and may be left alone for $4 at most',
    )
    .replace(
      /^own telemetry: (.+?), outside probes: /,
      'on whether users are hurt, own telemetry says $1 and outside probes say ',
    )
  return about.replace(IDENTIFIERS, (key) =>
    key in CATEGORY_WORDS ? wordFor(CATEGORY_WORDS, key) : wordFor(ACTION_WORDS, key),
  )
}

/** An action with the place that it would go to. */
export function actionPhrase(action: Action, target: Target | null, service: Service): string {
  const site = target === null ? null : service[target]
  return site ? `fail over to ${siteText(site)}` : wordFor(ACTION_WORDS, action)
}

/** What an action is called where no place is known. */
export function actionWords(action: Action): string {
  return wordFor(ACTION_WORDS, action)
}

export function siteText({ provider, region }: Site): string {
  return `${provider} ${region}`
}
