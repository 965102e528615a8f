/** Posts notifications to one URL, one after the other: again where that may help, never more than a few waiting. */
import { setTimeout as delay } from 'node:timers/promises'
import { request as requestHttp } from '../node-http.ts'

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
    const late = AbortSignal.timeout(timeout)
    try {
      const status = await post(url, headers, body, AbortSignal.any([this.#closed.signal, late]))
      if (status >= 200 && status < 300) return { why: undefined, again: false }
      return { why: `answered ${status}`, again: mayPass(status) }
    } catch (error) {
      return { why: late.aborted ? 'TimeoutError' : reasonOf(error), again: true }
    }
  }
}

/**
 * Resolves with the status of the answer; what the answer says is not of interest. Redirects are not followed:
 * credentials are for the URL that was configured alone. Without fetch, which refuses ports that browsers do not ask.
 */
async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<number> {
  const request = /^https:/i.test(url) ? (await import('node:https')).request : requestHttp
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent: false, signal }, (response) => {
      response.on('error', () => {}).destroy()
      resolve(response.statusCode ?? 0)
    })
    sent.setHeader('content-type', 'application/json')
    // One by one, so that a name counts once, whatever its case.
    for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value)
    sent.on('error', reject).on('close', () => reject(new Error('closed without an answer')))
    sent.end(body)
  })
}

/** A code: the message of an error names addresses. */
function reasonOf(error: unknown): string {
  const { name, code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : name
}
