/** Ends the traffic of a proxy listener in two phases: not ready but accepting, then closing, with a deadline. */
import type { Downstream } from './listener/downstream.ts'
import type { ProxyListener } from './listener/proxy.ts'

/** Milliseconds, both counted from the start of the drain. */
export interface DrainTimes {
  /** How long new connections are still accepted, for whoever has not noticed yet. */
  readonly lag: number
  /** When what is still open is ended. */
  readonly deadline: number
}

/** How long a stream may take to reach its next event boundary behind the deadline. */
const BOUNDARY_MS = 1_000
const POLL_MS = 20

/** Resolves when no exchange and no connection is open any more. */
export async function drain(proxy: ProxyListener, { lag, deadline }: DrainTimes): Promise<void> {
  const end = performance.now() + deadline
  proxy.closing = true
  await sleep(Math.min(lag, deadline))
  proxy.stopAccepting()
  await emptied(proxy, end)
  for (const downstream of [...proxy.open]) {
    if (!(waitsForNothing(downstream) && downstream.endStream())) downstream.breakOff()
  }
  await emptied(proxy, performance.now() + BOUNDARY_MS)
  for (const downstream of [...proxy.open]) downstream.breakOff()
  // In the same turn: a call that a connection still brought in would reach the upstream, and its response nobody.
  proxy.closeConnections()
}

/** GET streams and 2026-07-28 `subscriptions/listen`: no call waits for its response on them. */
function waitsForNothing({ x }: Downstream): boolean {
  return x.method === 'GET' || x.headers['mcp-method'] === 'subscriptions/listen'
}

async function emptied(proxy: ProxyListener, until: number): Promise<void> {
  while (proxy.open.size > 0 && performance.now() < until) await sleep(POLL_MS)
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
