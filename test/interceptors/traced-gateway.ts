/** A gateway that traces into a receiver, and what the tests of tracing ask of the two. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Tracing } from '../../src/telemetry/tracing/export.ts'
import { gateway, type Settings, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type ReceivedSpan, type Receiver, receiver } from '../telemetry/tracing/receiver.ts'
import { ownModules } from './own-modules.ts'

const source = (path: string): string => new URL(`../../src/${path}`, import.meta.url).href

/** Tracing as a step of the configuration, where it sits behind inspection as it does in the stack. */
const MODULE = `
import { traces as schema } from '${source('config/settings-traces.ts')}'
import { walk } from '${source('config/walk.ts')}'
import { tracing } from '${source('interceptors/tracing.ts')}'
import { startTracing } from '${source('telemetry/tracing/export.ts')}'
export const running = []
export const counts = { exported: 0, queue_full: 0, export_failed: 0, failed: 0 }
export const printed = []
export const changes = []
export default async ({ port, apiSpans, ...options }) => {
  const errors = []
  const settings = walk(schema, options, 'telemetry.traces', { folder: '/', texts: new Set(), errors, files: [] })
  if (errors.length > 0) throw new Error(JSON.stringify(errors))
  const started = await startTracing(settings, {
    resource: { 'service.name': 'sidelight-test' },
    version: '0.0.0-test',
    addressOf: () => ({ host: '127.0.0.1', port }),
    meter: () => ({
      exported: (spans) => { counts.exported += spans },
      dropped: (reason, spans) => { counts[reason] += spans },
    }),
    failed: () => { counts.failed++ },
    apiSpans,
    log: {
      info: (fields, message) => (message === 'span' ? printed.push(fields) : changes.push(message)),
      warn: (fields, message) => changes.push(message),
    },
  })
  running.push(started)
  return tracing(started.traces)
}`

export interface Traced {
  readonly g: TestGateway
  readonly receiver: Receiver
  readonly tracing: Tracing
  readonly counts: Readonly<Record<'exported' | 'queue_full' | 'export_failed' | 'failed', number>>
  readonly printed: readonly Readonly<Record<string, unknown>>[]
  readonly changes: readonly string[]
  /** Waits until so many spans have come. */
  spans(count: number): Promise<readonly ReceivedSpan[]>
}

export interface TracedOptions {
  readonly protocol?: 'grpc' | 'http/protobuf'
  /** Of `telemetry.traces`, beside the exporter. */
  readonly traces?: Settings
  /** Text of a module of a user's that comes after tracing, and uses `@opentelemetry/api`. */
  readonly own?: string
}

/** In front of one upstream at that URL. */
export async function traced(
  t: TestContext,
  url: string,
  { protocol = 'grpc', traces = {}, own }: TracedOptions = {},
): Promise<Traced> {
  const collector = await receiver(protocol)
  t.after(() => collector.close())
  const folder = await ownModules(t, { 'tracing.mjs': MODULE, 'own.mjs': own ?? '' })
  const module = join(folder, 'tracing.mjs')
  const { otlp, ...more } = traces as { otlp?: object }
  const options = {
    exporters: ['otlp'],
    otlp: { endpoint: collector.url, protocol, timeout: '1s', ...otlp },
    delay: '20ms',
    port: Number(new URL(url).port),
    apiSpans: own !== undefined,
    ...more,
  }
  const upstreams = { upstream: { url, probe: { interval: '1h' } } }
  const interceptors = [
    { module, name: 'traced', options },
    ...(own === undefined ? [] : [{ module: join(folder, 'own.mjs') }]),
  ]
  const g = await gateway({ upstreams, interceptors })
  t.after(() => g.close())
  // The module that the gateway has loaded, for both are one process.
  const loaded = (await import(pathToFileURL(module).href)) as Pick<Traced, 'counts' | 'printed' | 'changes'> & {
    readonly running: readonly Tracing[]
  }
  const [tracing] = loaded.running
  if (tracing === undefined) throw new Error('tracing did not start')
  t.after(() => tracing.close(1_000))
  return {
    g,
    receiver: collector,
    tracing,
    counts: loaded.counts,
    printed: loaded.printed,
    changes: loaded.changes,
    spans: async (count) => {
      await settles(() => collector.spans.length >= count)
      return collector.spans
    },
  }
}
