/** How products are called in texts, names of measures and log lines. */
const SYNONYMS: readonly [RegExp, readonly string[]][] = [
  [/cdn|cache|cloudfront/, ['cdn', 'edge', 'cache', 'pop', 'colo', 'cloudfront']],
  [/dns|route53/, ['dns', 'resolver', 'lookup', 'servfail', 'nxdomain', 'name server', 'route53']],
  [/waf|firewall/, ['waf', 'firewall']],
  [
    /load[-_]?balanc|elb|alb|nlb/,
    ['load balanc', 'loadbalanc', 'balancer', 'elb', 'url_map', 'url map', 'lb', 'proxy', 'front end'],
  ],
  [/front[-_ ]?door/, ['front door', 'frontdoor', 'edge']],
  [
    /iam|identity|entra|managed-identity|service-control/,
    [
      'iam',
      'identity',
      'entra',
      'token',
      'sign-in',
      'signin',
      'login',
      'policy check',
      'service control',
      'credential',
      'oauth',
    ],
  ],
  [/workers-kv|kv/, ['workers kv', 'key store', 'kv']],
  [/challenge/, ['challenge', 'turnstile']],
  [/s3|storage|gcs|blob/, ['s3', 'storage', 'bucket', 'blob', 'object']],
  [/keyvault|kms|secret/, ['key vault', 'keyvault', 'kms', 'secret']],
]

/** Words by which a dependency is recognised in a text: its own name and the usual synonyms of its product. */
export function productWords(vendor: string, product: string): string[] {
  const plain = product.toLowerCase()
  const words = new Set<string>([plain, plain.replace(/[-_]/g, ' '), plain.replace(/[-_]/g, '')])
  if (vendor === 'third_party') return [product.toLowerCase()]
  for (const [pattern, synonyms] of SYNONYMS) if (pattern.test(product)) for (const word of synonyms) words.add(word)
  return [...words].filter((word) => word.length > 1)
}

/** Whether a text speaks of one of the words, as a word of its own. */
export function speaksOf(text: string, words: readonly string[]): boolean {
  const lower = text.toLowerCase()
  return words.some((word) => {
    const at = lower.indexOf(word)
    return (
      at >= 0 &&
      !/[a-z0-9]/.test(lower[at - 1] ?? ' ') &&
      (word.length > 3 || !/[a-z]/.test(lower[at + word.length] ?? ' '))
    )
  })
}
