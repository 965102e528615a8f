/** Checks that rules of alerts can be what they say. */
import type { Config } from './config.ts'
import { at } from './errors.ts'

type Refuse = (path: string, message: string, hint?: string) => void

/** Each rule is a name among the series. */
export const MOST_ALERT_RULES = 32

/** Labels that alerts have of themselves. */
const OWN = ['alertname', 'severity', 'upstream', 'job', 'instance']

export function checkAlerts({ alerts, upstreams }: Config, refuse: Refuse, sound: (path: string) => boolean): void {
  if (alerts.rules.length > MOST_ALERT_RULES)
    refuse('alerts.rules', `has ${alerts.rules.length} rules, and may have ${MOST_ALERT_RULES}`)
  const names = new Map<string, string>()
  for (const [i, rule] of alerts.rules.entries()) {
    const place = at('alerts.rules', i)
    if (!sound(place)) continue
    const earlier = names.get(rule.name)
    if (earlier !== undefined) refuse(`${place}.name`, `is the name of ${earlier} too`, 'choose another name')
    names.set(rule.name, place)
    if ((rule.errors === undefined) === (rule.down === undefined))
      refuse(place, 'needs either errors or down', 'for example down: 2m')
    if (rule.upstream !== undefined && !Object.hasOwn(upstreams, rule.upstream))
      refuse(`${place}.upstream`, `names no upstream: ${rule.upstream}`, `one of ${Object.keys(upstreams).join(', ')}`)
  }
  for (const name of Object.keys(alerts.labels))
    if (OWN.includes(name)) refuse(at('alerts.labels', name), 'is a label that alerts have of themselves')
  if (sound('alerts.webhook') && alerts.webhook?.urls.length === 0)
    refuse('alerts.webhook.urls', 'is empty', 'name a URL, or leave webhook out')
}
