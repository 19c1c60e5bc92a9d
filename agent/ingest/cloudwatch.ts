import { z } from 'zod'
import { hashOf } from '../domain/canonical.ts'
import { cleanText, type Delivery, payloadFault, readPayload, VendorInstant } from './payload.ts'

const Dimensions = z
  .array(
    z.object({
      name: z.string().optional(),
      value: z.string().optional(),
      Name: z.string().optional(),
      Value: z.string().optional(),
    }),
  )
  .nullish()
  .catch(null)

/** A CloudWatch alarm's change of state, as SNS carries it in `Message` or, with raw delivery, as the whole body. */
export const CloudWatchAlarm = z.object({
  AlarmName: z.string().min(1),
  AlarmDescription: z.string().nullish(),
  AlarmArn: z.string().nullish(),
  AWSAccountId: z.string().nullish(),
  NewStateValue: z.enum(['ALARM', 'OK', 'INSUFFICIENT_DATA']),
  NewStateReason: z.string().nullish(),
  StateChangeTime: VendorInstant,
  Region: z.string().nullish(),
  Trigger: z
    .object({
      MetricName: z.string().nullish(),
      Namespace: z.string().nullish(),
      Dimensions,
    })
    .nullish()
    .catch(null),
})
export type CloudWatchAlarm = z.infer<typeof CloudWatchAlarm>

/** Whether a body looks like an alarm itself rather than an SNS envelope around one. */
export function isRawAlarm(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'AlarmName' in body && !('TopicArn' in body)
}

/** Reads an alarm from the text that SNS carries. */
export function readCloudWatchMessage(message: string): Delivery {
  let body: unknown
  try {
    body = JSON.parse(message)
  } catch (error) {
    throw payloadFault(
      `Message: expected a CloudWatch alarm as JSON; ${error instanceof Error ? error.message : 'not JSON'}`,
    )
  }
  return readCloudWatch(body)
}

/**
 * Reads a CloudWatch alarm. INSUFFICIENT_DATA is no recovery: the series vanished, which is unknown, so the alert stands, with the
 * state as a label and an unknown severity.
 */
export function readCloudWatch(body: unknown): Delivery {
  const alarm = readPayload(CloudWatchAlarm, body, 'CloudWatch alarm')
  const isResolved = alarm.NewStateValue === 'OK'
  const name = cleanText(alarm.AlarmName, 1024)
  const labels = labelsOf(alarm, name)
  const annotations: Record<string, string> = {}
  if (alarm.AlarmDescription) annotations.description = cleanText(alarm.AlarmDescription)
  if (alarm.NewStateReason) annotations.reason = cleanText(alarm.NewStateReason)
  const identity = alarm.AlarmArn || [alarm.AWSAccountId ?? '', labels.region ?? '', name]
  return {
    alerts: [
      {
        fingerprint: `cloudwatch:${hashOf(identity).slice(0, 16)}`,
        name,
        status: isResolved ? 'resolved' : 'firing',
        severity: alarm.NewStateValue === 'ALARM' ? 'critical' : 'unknown',
        labels,
        annotations,
        startsAt: alarm.StateChangeTime,
        endsAt: isResolved ? alarm.StateChangeTime : null,
        source: 'sns',
      },
    ],
    notes: [],
  }
}

function labelsOf(alarm: CloudWatchAlarm, name: string): Record<string, string> {
  const labels: Record<string, string> = { alertname: name, provider: 'aws' }
  // "Region" holds the display name ("US East (N. Virginia)"); the ARN has the code.
  const region = /^arn:[^:]+:cloudwatch:([a-z0-9-]+):/.exec(alarm.AlarmArn ?? '')?.[1]
  const known = {
    region,
    region_name: alarm.Region,
    account: alarm.AWSAccountId,
    namespace: alarm.Trigger?.Namespace,
    metric: alarm.Trigger?.MetricName,
    state: alarm.NewStateValue === 'INSUFFICIENT_DATA' ? alarm.NewStateValue : null,
  }
  for (const [label, value] of Object.entries(known)) if (value) labels[label] = cleanText(value, 1024)
  for (const dimension of alarm.Trigger?.Dimensions ?? []) {
    const key = dimension.name ?? dimension.Name
    const value = dimension.value ?? dimension.Value
    if (key && value) labels[`dimension_${cleanText(key, 255)}`] = cleanText(value, 1024)
  }
  return labels
}
