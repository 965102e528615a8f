/** An admin listener with every instrument in use, hostile labels and exemplars, for parsers of other makes. */
import { AdminListener } from '../../src/admin/admin.ts'
import { Tokens } from '../../src/admin/tokens.ts'
import { Health } from '../../src/health/health.ts'
import type { SpanRef } from '../../src/telemetry/bound-series.ts'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'
import type { ViewName } from '../../src/telemetry/views/names.ts'
import { Views } from '../../src/telemetry/views/views.ts'

export const HOSTILE = 'hostile "label"\\\n{é}…'

export const SPAN: SpanRef = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }

/** The bucket whose exemplar is `SPAN`, and the value recorded. */
export const EXEMPLAR = { le: 0.25, value: 0.2 }

export interface MetricsStage {
  readonly url: string
  readonly store: SeriesStore
  close(): Promise<void>
}

/** @param onMain views that the main page shows */
export async function metricsStage(onMain: readonly ViewName[] = []): Promise<MetricsStage> {
  const store = new SeriesStore()
  const { operations } = new Instruments(store)
  let n = 1
  for (const instrument of store.instruments) {
    const series = instrument.bind(instrument.def.labels.map(() => HOSTILE))
    if ('record' in series) for (const value of [0.0001 * n, n, 1000 * n]) series.record(value)
    else series.add(instrument.def.name.endsWith('.info') ? 1 : n)
    n++
  }
  operations.serverDuration
    .bind(['one', 'tools/call', 'echo', '', '2025-11-25', 'ok', '', ''])
    .record(EXEMPLAR.value, SPAN)
  const views = new Views(store)
  const admin = new AdminListener({
    metrics: { main: () => views.beside(store, onMain), views },
    host: '127.0.0.1',
    port: 0,
    hosts: undefined,
    origins: undefined,
    limits: { headBytes: 16_384, headTimeout: 10_000, bodyTimeout: 30_000, keepAlive: 75_000, connections: 256 },
    health: new Health('0', []),
    store,
    routes: [],
    tokens: new Tokens([]),
    logger: createLog({ level: 'silent' }).module('admin'),
  })
  const { port } = await admin.listen()
  return { url: `http://127.0.0.1:${port}`, store, close: () => admin.close() }
}
