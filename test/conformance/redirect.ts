/** A fetch whose TCP connections to one port end at another: URL, Host and everything else stay what they were. */
import type { FetchLike } from '@modelcontextprotocol/client'
import { Agent, buildConnector, fetch } from 'undici'

export interface Redirect {
  readonly fetch: FetchLike
  close(): Promise<void>
}

/** Without `to` it leads where it says. */
export function redirect(from: number, to: number = from): Redirect {
  const connector = buildConnector({})
  const dispatcher = new Agent({
    connect: (options, done) =>
      connector(
        Number(options.port) === from ? { ...options, hostname: '127.0.0.1', port: String(to) } : options,
        done,
      ),
  })
  return {
    fetch: ((url: string | URL, init?: RequestInit) =>
      fetch(url, { ...init, dispatcher } as Parameters<typeof fetch>[1])) as unknown as FetchLike,
    close: () => dispatcher.destroy(),
  }
}
