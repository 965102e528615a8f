/** What a test may ask of a client, whichever SDK and era it is on, and everything that the client was told meanwhile. */

export interface Told {
  /** Notifications that no request of the client asked for: method and parameters. */
  readonly notifications: string[]
  /** Methods of what the server asked for. */
  readonly asked: string[]
  readonly errors: string[]
  /** Method, status and content type of every HTTP exchange, in the order of the response heads. */
  readonly exchanges: string[]
  /** Exchanges without a response head yet. */
  pending: number
}

export interface CallOptions {
  readonly signal?: AbortSignal
  readonly onprogress?: (step: unknown) => void
}

export interface Peer {
  readonly told: Told
  readonly revision: string | undefined
  /** Whether it holds a session, and hears of changes by its GET stream. */
  readonly isLegacy: boolean
  serverName(): string | undefined
  tools(): Promise<readonly string[]>
  read(uri: string): Promise<unknown>
  /** From then on it hears of changes of the resource and of the list of tools. */
  watch(uri: string): Promise<void>
  unwatch(uri: string): Promise<void>
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<unknown>
  /** Ends the session where there is one, then the connection. */
  end(): Promise<void>
}

export const ANSWERS = {
  user: { action: 'accept', content: { name: 'Ada' } },
  model: { model: 'test', role: 'assistant', content: { type: 'text', text: 'because' } },
} as const

export function nothingTold(): Told {
  return { notifications: [], asked: [], errors: [], exchanges: [], pending: 0 }
}

/** Notes every exchange. */
export function notingFetch(told: Told): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return async (url, init) => {
    told.pending++
    try {
      const response = await fetch(url, init)
      told.exchanges.push(`${init?.method ?? 'GET'} ${response.status} ${response.headers.get('content-type')}`)
      return response
    } finally {
      told.pending--
    }
  }
}

/** Without the ids, which differ from one run to the next. */
export function noteOf({ method, params = {} }: { method: string; params?: object | undefined }): string {
  return `${method} ${JSON.stringify({ ...params, _meta: undefined })}`
}
