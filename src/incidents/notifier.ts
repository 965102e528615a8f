/** Tells webhooks of alerts as they fire and are resolved, and Alertmanager again and again of those that still fire. */
import type { Alert, ResolvedAlert } from './alerts.ts'
import { alertmanagerNotification, plainNotification, type Sender } from './notification.ts'
import { Webhook, type WebhookOptions } from './webhook.ts'

/** One of several webhooks, by what may be shown: a path or a query may be a secret. */
export interface WhichWebhook {
  /** The setting that has its URL. */
  readonly webhook: string
  /** Scheme, host and port. */
  readonly origin: string
}

export interface NotifierOptions extends Omit<WebhookOptions, 'url' | 'onFailure'> {
  readonly urls: readonly string[]
  readonly format: 'json' | 'alertmanager'
  readonly sender: Sender
  /** Milliseconds between two times that Alertmanager is told the same. */
  readonly repeat?: number
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  readonly onFailure: (why: string, which: WhichWebhook) => void
}

/** Alertmanager takes an alert for resolved when it has not heard of it for so many repeats. */
const MISSED = 4

export class Notifier {
  readonly #options: NotifierOptions
  readonly #webhooks: readonly Webhook[]
  readonly #repeat: number
  readonly #now: () => number
  #repeatedAt = 0

  constructor(options: NotifierOptions) {
    const { urls, repeat = 60_000, now = Date.now } = options
    this.#options = options
    this.#repeat = repeat
    this.#now = now
    this.#webhooks = urls.map((url, i) => {
      const which = { webhook: `alerts.webhook.urls[${i}]`, origin: new URL(url).origin }
      return new Webhook({ ...options, url, onFailure: (why) => options.onFailure(why, which) })
    })
  }

  changed(alert: Alert | ResolvedAlert): void {
    const body = this.#options.format === 'json' ? plainNotification(alert, this.#options.sender) : this.#list([alert])
    for (const webhook of this.#webhooks) webhook.send(body)
  }

  /** To be called about once a second. */
  tick(firing: readonly Alert[]): void {
    if (this.#options.format === 'json') return
    const at = this.#now()
    if (at - this.#repeatedAt < this.#repeat) return
    this.#repeatedAt = at
    if (firing.length === 0) return
    const body = this.#list(firing)
    // Whoever is slow hears of it when it is not.
    for (const webhook of this.#webhooks) if (webhook.idle) webhook.send(body)
  }

  close(): void {
    for (const webhook of this.#webhooks) webhook.close()
  }

  #list(alerts: readonly (Alert | ResolvedAlert)[]): string {
    return alertmanagerNotification(alerts, this.#options.sender, this.#now(), MISSED * this.#repeat)
  }
}
