import { LogLevel } from '@slack/bolt'
import type { Log } from '../lib/log.ts'

/** Slack's library writes into our log. Its debug lines hold whole requests and stay out. */
export function slackLogger(log: Log) {
  const line = (parts: readonly unknown[]) => parts.map(String).join(' ').slice(0, 500)
  return {
    debug: () => {},
    info: (...parts: unknown[]) => log.debug({ slack: line(parts) }, 'slack library'),
    warn: (...parts: unknown[]) => log.info({ slack: line(parts) }, 'slack library warns'),
    error: (...parts: unknown[]) => log.warn({ slack: line(parts) }, 'slack library reports an error'),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  }
}
