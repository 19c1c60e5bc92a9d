import type { Topic } from './log-reading.ts'
import type { Readings } from './readings.ts'

/** What a change touches, and the errors that show it. */
const TOUCHES: readonly [RegExp, readonly Topic[]][] = [
  [/\bdns\b|resolver|name ?servers?|\bzone\b|records?\b|forward|delegation|dnssec|\bhosts file\b/i, ['names']],
  [
    /egress|ingress|firewall|security group|\bsg-|\bacl\b|routes?\b|routing|dhcp|subnet|\bnat\b|\bmtu\b|peering|tunnel|iptables|network|vpc|polic(?:y|ies)|connection tracking|packet|mesh|sidecar|envoy|istio|\bvpn\b|\bbgp\b|prefix|\bcni\b|kube-proxy|listener|gateway|security rules?/i,
    ['connectivity', 'denied'],
  ],
  [
    /\biam\b|roles?\b|polic(?:y|ies)|permission|privilege|token|secret|passwords?\b|rotat(?:e|es|ed|ion)|credential|authz|auth\b|keys?\b|scope|claim|rbac|perimeter|grants?\b|\bsso\b|saml|oidc|service accounts?|principals?\b|allow[- ]?list|guardrail|least privilege|boundary/i,
    ['denied'],
  ],
  [/\btls\b|certificate|\bcerts?\b|\bca\b|mtls|cipher|trust ?store|key ?store|\bpki\b|issuer|acme/i, ['certificate']],
  [
    /memory|heap|limit|pool|connections?\b|replicas|shards?\b|partitions?\b|batch|bulk|backfill|parallel|autoscal|capacity|quota|cpu|threads|workers|concurrency|rate ?limit|instance (?:type|class|size)|node ?pool|heap|ulimit|retr(?:y|ies)|max[_ -]\w+/i,
    ['capacity'],
  ],
]

/** What stands between users and servers. */
export const FRONT =
  /\b(?:gateways?|edge|cdn|waf|front[-_ ]?doors?|load[-_ ]?balanc\w*|lb|[ane]lb|ingress|proxy|dns|cert(?:ificate)?s?|tls|cache|routers?|routing|balancer)\b/i

/** What a change says that it touches is what error lines are about. */
export function touchesWhatFails(text: string, { logs }: Readings): boolean {
  return TOUCHES.some(
    ([pattern, topics]) =>
      pattern.test(text) && logs.some((log) => log.isError && topics.some((topic) => log.topics.has(topic))),
  )
}
