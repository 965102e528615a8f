/** Lets calls pass by metric rules, as an exchange would show them. */
import { Exchange } from '../../../src/exchange/exchange.ts'
import type { Observer } from '../../../src/exchange/flow.ts'
import { Operation } from '../../../src/exchange/operation.ts'
import type { Outcome } from '../../../src/exchange/outcome.ts'
import { ResponseHead } from '../../../src/exchange/response-head.ts'
import { scanRequest } from '../../../src/mcp/envelope.ts'
import { MetricRules } from '../../../src/telemetry/rules/metric-rules.ts'
import type { Rule } from '../../../src/telemetry/rules/rule.ts'
import { SeriesStore } from '../../../src/telemetry/series.ts'

export interface Call {
  readonly upstream?: string
  /** The request's body; parsed unless it is text. */
  readonly body: unknown
  readonly requestHeaders?: Readonly<Record<string, string>>
  /** The response's body in pieces; none: no response head came. */
  readonly response?: readonly (string | Buffer)[]
  readonly responseHeaders?: Readonly<Record<string, string>>
  readonly outcome?: Outcome
  readonly resultType?: string
  readonly seconds?: number
  readonly responseBytes?: number
  /** The operations end only after their exchange. */
  readonly adrift?: boolean
}

export const rule = (more: Partial<Rule>): Rule => ({
  name: 'own',
  kind: 'counter',
  help: 'Own.',
  match: {},
  value: 1,
  labels: {},
  ...more,
})

/** `tools/call`. */
export const request = (name: string, args: unknown = {}, id: unknown = 1, meta: unknown = undefined) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args, _meta: meta },
})

export function stage(...rules: Rule[]) {
  const store = new SeriesStore()
  const faults: unknown[] = []
  const nameLabel = (_upstream: string, _kind: string, name = '') => (name.length > 20 ? '_other' : name)
  const watch = new MetricRules(rules, store, { nameLabel, onFault: (error) => faults.push(error) })
  /** What the exchange's own observer saw. */
  const seen: string[] = []

  function pass(call: Call): void {
    const { upstream = 'up', body, requestHeaders = {}, response, responseHeaders = {}, adrift = false } = call
    const route = { path: '/mcp', upstream, mcp: true }
    const x = new Exchange(
      route,
      { method: 'POST', url: '/mcp', headers: requestHeaders, rawHeaders: [] },
      '::1',
      false,
      1,
    )
    x.body = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    x.messages = scanRequest(x.body).messages
    x.operations = x.messages
      .filter(({ kind }) => kind === 'request' || kind === 'notification')
      .map(
        ({ id, method = '', name, uri }) =>
          new Operation({
            direction: 'server',
            upstream,
            id,
            method,
            target: name ?? uri,
            cursor: undefined,
            revision: '2025-11-25',
            startedAt: 1000,
          }),
      )
    const end = (): void => {
      for (const operation of x.operations) {
        operation.endedAt = 1000 + 1000 * (call.seconds ?? 1)
        operation.outcome = call.outcome ?? 'ok'
        operation.responseBytes = call.responseBytes ?? 0
        operation.resultType = call.resultType ?? ''
        watch.ended(operation)
      }
    }
    const own: Observer = {
      head: ({ status }) => seen.push(`head ${status}`),
      data: (chunk) => seen.push(chunk.toString()),
      end: (done) => {
        if (!adrift) end()
        seen.push('end')
        done()
      },
    }
    x.observer = own
    watch.begin(x)
    if (response !== undefined) {
      watch.response(x)
      const headers = { 'content-type': 'application/json', ...responseHeaders }
      x.observer.head(
        new ResponseHead(200, 'OK', Object.entries(headers).flat(), headers['content-type'].includes('event')),
      )
      for (const piece of response) x.observer.data(Buffer.from(piece))
    }
    x.observer.end(() => seen.push('done'))
    if (adrift) end()
  }

  /** Everything that was recorded: `name{values}` to the count and sum, or the total. */
  function recorded(): Record<string, number | readonly [count: number, sum: number]> {
    const all = [...store.instruments].flatMap(({ def, series }) =>
      [...series].map((each) => {
        const value = 'record' in each ? ([each.count, each.sum] as const) : each.value
        return [`${def.name}{${each.labelValues.join(',')}}`, value] as const
      }),
    )
    return Object.fromEntries(all.filter(([, value]) => (typeof value === 'number' ? value : value[0]) > 0))
  }

  return { store, watch, pass, recorded, seen, faults }
}

/** A result, as text. */
export const result = (structuredContent: unknown, id: unknown = 1): string =>
  JSON.stringify({ jsonrpc: '2.0', id, result: { content: [], structuredContent } })
