/** Posts notifications to one URL, one after the other: again where that may help, never more than a few waiting. */
import { setTimeout as delay } from 'node:timers/promises'

/** What became of a notification. */
export type Delivery = 'sent' | 'failed' | 'dropped'

export interface WebhookOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds for one attempt. */
  readonly timeout: number
  /** Attempts after the first. */
  readonly retries: number
  /** Milliseconds before the second attempt; doubled for each that follows. */
  readonly backoff?: number
  /** Notifications that wait; for one more, the oldest is dropped. */
  readonly queue?: number
  readonly onDelivery: (delivery: Delivery) => void
  /** Told once for each that failed; never with a URL, which may hold a secret. */
  readonly onFailure: (why: string) => void
}

const LONGEST_BACKOFF_MS = 60_000
const QUEUE = 100

/** Answers after which the same request may do better. */
const mayPass = (status: number): boolean => status >= 500 || status === 408 || status === 425 || status === 429

export class Webhook {
  readonly #options: WebhookOptions
  readonly #waiting: string[] = []
  readonly #closed = new AbortController()
  #sending = false

  constructor(options: WebhookOptions) {
    this.#options = options
  }

  /** Nothing waits to be sent, and nothing is being sent. */
  get idle(): boolean {
    return !this.#sending
  }

  send(body: string): void {
    if (this.#closed.signal.aborted) return
    const { queue = QUEUE, onDelivery } = this.#options
    if (this.#waiting.length >= queue) {
      this.#waiting.shift()
      onDelivery('dropped')
    }
    this.#waiting.push(body)
    if (!this.#sending) void this.#run()
  }

  /** Gives up what was not sent. */
  close(): void {
    this.#closed.abort()
  }

  async #run(): Promise<void> {
    this.#sending = true
    for (let body = this.#waiting.shift(); body !== undefined; body = this.#waiting.shift()) {
      const why = await this.#deliver(body)
      if (this.#closed.signal.aborted) break
      this.#options.onDelivery(why === undefined ? 'sent' : 'failed')
      if (why !== undefined) this.#options.onFailure(why)
    }
    this.#sending = false
  }

  /** Why it failed, or nothing. Never rejects. */
  async #deliver(body: string): Promise<string | undefined> {
    const { retries, backoff = 1_000 } = this.#options
    for (let attempt = 0; ; attempt++) {
      const { why, again } = await this.#post(body)
      if (why === undefined || !again || attempt >= retries || this.#closed.signal.aborted) return why
      // Some of it by chance, so that several gateways do not come back together.
      const wait = Math.min(backoff * 2 ** attempt, LONGEST_BACKOFF_MS) * (0.75 + Math.random() / 2)
      await delay(wait, undefined, { signal: this.#closed.signal, ref: false }).catch(() => {})
    }
  }

  async #post(body: string): Promise<{ readonly why: string | undefined; readonly again: boolean }> {
    const { url, headers, timeout } = this.#options
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        // Credentials are for the URL that was configured alone.
        redirect: 'manual',
        signal: AbortSignal.any([this.#closed.signal, AbortSignal.timeout(timeout)]),
      })
      await response.body?.cancel()
      if (response.ok) return { why: undefined, again: false }
      return { why: `answered ${response.status}`, again: mayPass(response.status) }
    } catch (error) {
      return { why: reasonOf(error), again: true }
    }
  }
}

/** A code: the message of an error names addresses. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as Error
  const { code } = (cause ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : name
}
