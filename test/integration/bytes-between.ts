/** A raw downstream and a raw upstream with a gateway between them, taken down when the test ends. */
import type { TestContext } from 'node:test'
import { gateway, type Settings, type TestGateway } from '../support/gateway.ts'
import { headerValue } from '../support/http-head.ts'
import { type RawClient, type RawClientOptions, rawClient } from '../support/raw-client.ts'
import type { RawRequest } from '../support/raw-exchange.ts'
import { type Behaviour, type RawOrigin, rawOrigin } from '../support/raw-origin.ts'

export interface Between {
  readonly origin: RawOrigin
  readonly gateway: TestGateway
  connect(options?: RawClientOptions): Promise<RawClient>
  /** What reached the upstream, without the readiness probes. */
  readonly requests: readonly RawRequest[]
}

/**
 * The probe's requests get `{"ok":true}`; all others get `behaviour`.
 * @param limits of the upstream
 */
export async function between(
  t: TestContext,
  behaviour: Behaviour,
  settings: Settings = {},
  limits: Settings = {},
): Promise<Between> {
  const requests: RawRequest[] = []
  const origin = await rawOrigin({
    behaviour: (exchange) => {
      // Only what came through the proxy listener says for whom.
      if (headerValue(exchange.request.headers, 'x-forwarded-for') === undefined) return exchange.respond()
      requests.push(exchange.request)
      return behaviour(exchange)
    },
  })
  t.after(() => origin.close())
  const running = await gateway({ upstreams: { upstream: { url: `${origin.url}/mcp`, limits } }, ...settings })
  t.after(() => running.close())
  return {
    origin,
    gateway: running,
    connect: async (options) => {
      const client = await rawClient(running.url, options)
      t.after(() => client.close())
      return client
    },
    requests,
  }
}
