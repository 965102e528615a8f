/** Writes alerts as webhooks want them: one object a change, or the list that Alertmanager's API v2 takes. Pure. */
import type { Alert, ResolvedAlert } from './alerts.ts'

export interface Sender {
  /** Which gateway it is. */
  readonly instance: string
  /** Labels of the configuration, for routing. */
  readonly labels: Readonly<Record<string, string>>
  /** Where people reach the admin listener, without a slash at the end. */
  readonly link: string
}

type Told = Alert | ResolvedAlert

/** One change. */
export function plainNotification(alert: Told, { instance, labels, link }: Sender): string {
  const { name, severity, upstream, summary, startsAt } = alert
  return JSON.stringify({
    status: 'endsAt' in alert ? 'resolved' : 'firing',
    alert: name,
    severity,
    upstream,
    summary,
    instance,
    labels,
    started_at: iso(startsAt),
    ...('endsAt' in alert && { ended_at: iso(alert.endsAt) }),
    link: linkOf(link, upstream),
  })
}

/**
 * For `POST /api/v2/alerts`. Alertmanager tells alerts apart by their labels, and takes one for resolved at its `endsAt`:
 * what still fires gets one in the future (`validFor` milliseconds from `at`) and is sent again before.
 */
export function alertmanagerNotification(
  alerts: readonly Told[],
  sender: Sender,
  at: number,
  validFor: number,
): string {
  return JSON.stringify(
    alerts.map((alert) => {
      const { name, severity, upstream, summary, startsAt } = alert
      return {
        labels: { ...sender.labels, alertname: name, severity, upstream, job: 'sidelight', instance: sender.instance },
        annotations: { summary: `${upstream}: ${summary}` },
        startsAt: iso(startsAt),
        endsAt: iso('endsAt' in alert ? alert.endsAt : at + validFor),
        generatorURL: linkOf(sender.link, upstream),
      }
    }),
  )
}

const linkOf = (link: string, upstream: string): string => `${link}/errors?upstream=${encodeURIComponent(upstream)}`

const iso = (at: number): string => new Date(at).toISOString()
