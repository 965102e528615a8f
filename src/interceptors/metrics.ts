/** Counts every exchange once, at its last byte. */
import type { Interceptor } from '../exchange/interceptor.ts'
import type { Instruments } from '../telemetry/instruments.ts'

/** Anything else a downstream may send shares one label. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PUT', 'PATCH', 'TRACE'])

export function metrics(instruments: Instruments): Interceptor {
  const { requests, requestSize, responseSize, exchangeDuration, operations } = instruments
  const { byRevision, phases } = operations
  return {
    name: 'metrics',
    onEnd(x, outcome) {
      const { upstream } = x.route
      requests.bind([upstream, METHODS.has(x.method) ? x.method : '_other', outcome]).add(1)
      requestSize.bind([upstream]).record(x.requestBytes)
      responseSize.bind([upstream]).record(x.responseBytes)
      exchangeDuration.bind([upstream, outcome]).record((x.endedAt - x.startedAt) / 1000)
      if (x.revision !== '') byRevision.bind([upstream, x.revision]).add(1)
      if (x.firstEventAt > 0) phases.bind([upstream, 'first_event']).record((x.firstEventAt - x.startedAt) / 1000)
      if (x.stream) phases.bind([upstream, 'stream']).record((x.endedAt - x.headAt) / 1000)
      return undefined
    },
  }
}
