/**
 * Words of the trade, not of any incident: how databases, kernels, resolvers, cloud SDKs and deploy tools put things. A phrase
 * that only one company would write has no place here.
 */
export const WORDS = {
  /** A stack trace or a programming error: the fault sits in a program's own code. */
  exception:
    /\bleak detect(?:ed|ion)\b|\b(?:[A-Za-z.]*(?:NullPointer|IllegalState|IllegalArgument|IndexOutOfBounds|ClassCast|NumberFormat|Type|Key|Value|Reference|Attribute|Syntax|Assertion|Range|Validation|Parse|Unmarshal|Deserializ\w+|Mapping|NoSuch(?:Method|Field|Element))(?:Exception|Error))\b|\bpanic(?:ked)?\b|cannot read propert|undefined is not|unwrap\(\)|nil pointer|segmentation fault|SIGSEGV|unexpected (?:token|field|type)|unknown (?:field|column|key|enum)|no such (?:column|field|method)|is null\b|division by zero|missing required|stack overflow|schema mismatch|cannot deserialize|invalid (?:value|config|format|json|template)/i,
  /** A cloud's API or service saying that it is itself at fault. */
  providerFault:
    /\b\w*Internal(?:Server|Service)?(?:Error|Failure|Exception)\b|\bServiceUnavailable(?:Exception)?\b|\bServiceException\b|\bServerBusy\b|Insufficient(?:Instance)?Capacity|AllocationFailed|OperationNotAllowed|SkuNotAvailable|ZONE_RESOURCE_POOL_EXHAUSTED|STOCKOUT|backend error|internal (?:service )?(?:error|problem)|control[- ]plane|goal state/i,
  /** A server-side failure in general; it points at a cloud only together with the cloud's own names. */
  serverError: /status[ _-]?(?:code)?[:= ]+"?5\d\d|code"?[=:]+ ?"?5\d\d|\b50[0234]\b|UNAVAILABLE|desc = /i,
  /** The cloud's own names in an error line. */
  cloudName:
    /amazonaws|aws|\bs3\b|dynamodb|sqs|sns|\bsts\b|\bkms\b|secretsmanager|cognito|apigateway|cloudwatch|lambda|ec2|\becs\b|\beks\b|elb|\brds\b|aurora|kinesis|RunInstances|azure|\barm\b|\w\.core\.windows|database\.windows|vault\.azure|documents\.azure|blob\.core|vmss|virtualMachine|cosmos|keyvault|managed ?identity|169\.254\.169\.25[34]|google|gcp|gcs|googleapis|cloudsql|pubsub|spanner|bigquery|iamcredentials|storage\.objects|rpc error/i,
  /** Machines, disks and power. */
  hardware:
    /(?:I\/O|Input\/output) error|blocked for more than \d+ seconds|Read-only file system|EXT4-fs error|aborted journal|remount(?:ed|ing) .*read-?only|power (?:loss|event|failure)|overheat|temperature|cooling|hypervisor|stopped by (?:the )?platform|initiator=platform|Source=Platform|EventType=(?:Terminate|Reboot)|host (?:maintenance|failure|error|lost|migrat)|live migration|instance (?:terminated|retire|stopped)|kubelet (?:stopped|heartbeat)|node .*(?:unreachable|NotReady|lost)|disk (?:detached|disconnected|unavailable)|volume .*(?:stuck|unknown|impaired|not attached)/i,
  connectivity:
    /time[d]?[ -]?out|timeout|no route to host|connection (?:refused|reset|attempt failed|closed|aborted)|unreachable|ECONN\w+|EHOSTUNREACH|ETIMEDOUT|packet loss|retransmit|deadline exceeded|connect failed|lost connection|broken pipe/i,
  names:
    /no such host|NXDOMAIN|SERVFAIL|name resolution|getaddrinfo|EAI_AGAIN|UnknownHost|lookup .{0,80}(?:timeout|timed out|fail|no such|misbehav)|resolver|forwarders?\b|dns/i,
  denied:
    /access ?denied|permission ?denied|no permission|not authori[sz]ed|unauthori[sz]ed|unauthenticated|forbidden|(?:authentication|authenticate|login|logon) failed|invalid (?:credentials?|password|signature|api[- ]?key)|(?:key|account|user|credential)\b.{0,60}\b(?:is )?disabled|\bDisabled(?:Exception|Error)\b|\b40[13]\b|\bdenied?\b|\bREJECT(?:ED)?\b|\bDROP\b|refused by policy|not allowed by|insufficient (?:scope|privilege|permission)/i,
  certificate:
    /x509|certificate (?:has |is )?(?:expired|not yet valid|revoked|unknown)|cert(?:ificate)?.{0,40}expire|expired certificate|unable to (?:verify|get) .*(?:certificate|issuer)|CERT_HAS_EXPIRED|bad certificate|notAfter|(?:secret|credential|token|licen[cs]e|signing key)s?\b.{0,60}\b(?:is |are |has |have )?expired/i,
  capacity:
    /OutOfMemory|\bOOM|out of memory|no space left|disk (?:is )?full|too many (?:connections|open files|clients)|remaining connection slots|pool (?:is )?exhausted|heap limit|quota exceeded|rate limit|throttl|Throughput ?Exceeded|\bResource ?_?Exhausted\b|too many requests|no available (?:instance|worker|server|slot)s?|\bmax(?:imum)? (?:number of )?(?:instances|connections|workers|threads|replicas)\b|RejectedExecution|accept queue|queue (?:is )?full|load shed|\bshed(?:ding)?\b|backpressure|cannot allocate|Insufficient (?:cpu|memory)|unschedulable/i,
  data: /\brm -rf\b|could not open (?:control )?file "(?:global|base)\/|\bTRUNCATE(?:D)?\b|\bDROP (?:TABLE|DATABASE|SCHEMA)\b|\bDELETE FROM\b|wraparound|corrupt|checksum (?:mismatch|fail|differ)|digest mismatch|diverge|split[- ]?brain|rollback of local writes|inconsisten(?:t|cy)|invalid page|page verification|lost writes?|conflicting (?:writes?|versions?)|torn (?:page|write)|unreadable (?:page|block)|data loss|rows? (?:missing|lost)|hash differs|orphan(?:ed)? rows|double(?:d)? (?:entr|book|charg)|duplicate (?:key|entr|charge|payment|booking|order)|wrong (?:tenant|customer|account|user|owner)|errant (?:transaction|gtid)|timeline .*(?:fork|diverg)|two (?:primaries|writers|leaders)/i,
  security:
    /ransom|exfiltrat|brute[- ]?force|credential stuffing|malware|intrusion|compromis|stolen|leaked|attack(?:er)?\b|\bddos\b|amplification|(?:src|source)[-_ ]?port[ =:](?:11211|123|53|1900|389)\b|first[- ]seen|never[- ]seen|unknown (?:asn|ip|device|actor)|impossible travel|mass (?:delete|download|export)|privilege escalation|new (?:admin|root|owner) (?:user|key|role)|encrypt(?:ed|ing) (?:files|objects|volumes)|session (?:of|belongs to) (?:another|other)|other user'?s (?:data|session)|(?:cross|other)[- ]tenant/i,
  monitoring:
    /remote[_ ]write|scrape|tsdb|wal\/|append failed|exporter|\bprobe|blackbox|metrics? (?:intake|ingest|collector|pipeline)|no (?:sample|series|data|datapoints?)|samples? (?:dropped|late|missing)|sample dropped|check(?:er|-runner|s? runner| proxy)|federation|absent\(|(?:could not|cannot|failed to) (?:send|forward|ship) (?:payloads?|metrics|samples|logs|spans)/i,
  /** Things are coming back. */
  healing:
    /caught up|catching up|drain(?:ing|ed) |backlog (?:falls|shrinks|drain)|back to normal|recovered|recovering|re-?joined|added to ISR|ready again|ok after retry|retry .{0,40}(?:ok|succe)|succeeded after|sessions? up|is back|light back|reconnect(?:ed)?\b|restored|healed|resynced|replay(?:ed|ing)|warm(?:ed|ing) up|returning/i,
  /** A defence or a switch inside the place that is ready to be used. */
  readyLever:
    /\barmed\b|\bswitchable\b|can be (?:switched|toggled|moved|disabled|turned off|drained)|standing by|on standby|ready to (?:take|shift|switch)|dry[- ]run ok|bypass (?:ok|works|ready)|(?:fallback|fail-?over path|backup path|second path)\b.{0,30}\b(?:ok|ready|available|idle|up)\b|\bfail[-_.]?open\b|circuit[- ]breaker (?:available|disabled|off)|alternat(?:e|ive) (?:path|endpoint|pool|route) (?:ok|ready|works)|\b(?:mode|fallback|bypass|alternative|second\w*|spare|backup|stand-?by)\b.{0,30}\b(?:is |are |stays )?(?:available|warm)\b|(?:=|\b)0\b[^.]{0,40}\bwarm\b(?! ?up)/i,
  /** Restarting was tried on a part and it came back well. */
  restartCures:
    /(?:restart(?:ed)?|reboot(?:ed)?|recycled)\b.{0,80}(?:passed|\bok\b|ready|healthy|clean|self-test)|\b(?:restart|reboot|recreation|redeploy)\w*\b[^.;]{0,40}\b(?:picks? up|renews?|reloads?|re-?reads?|fixes|cures|clears|loads the new)\b/i,
  /** Restarting was tried and it fails again. */
  restartFails:
    /(?:restart(?:ed|ing|s)?|reboot(?:ed|ing)?|recycled)\b.{0,80}(?:again|stuck|still|restarting|loop|crash|fails?\b)|crashloop/i,
} as const

/** Words in the title of a change that can hardly break anything. */
export const COSMETIC =
  /typo|labels?\b|colou?rs?\b|icons?\b|banner|wording|translat|languages?\b|fonts?\b|margin|footer|layout|thumbnail|docs?\b|readme|copy text|\btexts?\b|sort order|help page|tooltip|theme|logo|avatars?|legend|badge/i

/** Not production: what happened there cannot hurt users. */
export const NOT_PRODUCTION =
  /\bto staging\b|\bstaging\b|\bsandbox\b|\bdev(?:elopment)?\b|\btest(?:ing)? env|(?<!from )\bdry[- ]run\b|\bpre-?prod|\blab\b|off by default/i

/** What cannot simply be taken back. */
export const IRREVERSIBLE =
  /\bdrop(?:ped|s)? (?:table|column|index|database|partition)|\bpurge|irreversible|one-way|cannot be undone|\bdelet(?:e|ed|es|ing) (?:old|rows|data|records|objects|volumes?)|\bmajor (?:version )?upgrade|\b(?:keys?|backups?|snapshots?) (?:destroyed|deleted|purged)/i

/** Orders to a reader of evidence, wherever they were smuggled in. */
export const INSTRUCTION =
  /ignore (?:all |any )?(?:previous|prior|earlier|above|alarms?)|disregard (?:all|any|the|previous)|\bSYSTEM(?: NOTE| NOTICE| PROMPT| MESSAGE)?\s*(?:TO [A-Z]+)?:|(?:NOTICE|NOTE|MESSAGE) TO (?:THE )?[A-Z]{4,}|TO THE [A-Z -]*AGENT\b|you (?:must|should|are) (?:now )?(?:answer|respond|classify|fail ?over|approve|an? )|(?:fail ?over|switch|move|roll ?back|promote) (?:now|immediately|at once)|(?:move|send) all traffic|confidence (?:of )?(?:0?\.9\d?|1(?:\.0)?)|(?:has|have|was|is) (?:already )?approved|approved by|operator approved|(?:automation|responders?|bots?|assistants?|agents?|models?|analysts?)\b.{0,60}\b(?:must|should|shall|may|keep|answer|choose|classify|ignore|skip|take no)|answer no action|take no (?:steps|action)|no steps needed|stay idle|never revert|do not (?:roll ?back|fail ?over|page)|note to (?:automat|responders?|the)|classify (?:this |it )?as/i
