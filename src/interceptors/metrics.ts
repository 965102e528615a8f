/** Counts every exchange once, at its last byte. */
import type { Exchange } from '../exchange/exchange.ts'
import type { Interceptor } from '../exchange/interceptor.ts'
import type { ExchangeMeter } from '../telemetry/exchange-meter.ts'

/** @param onError is told of each that did not end well */
export function metrics(meter: ExchangeMeter, onError: (x: Exchange) => void = () => {}): Interceptor {
  return {
    name: 'metrics',
    onResponse(x) {
      if (x.stream) meter.streaming(x)
      return undefined
    },
    onEnd(x) {
      meter.ended(x)
      if (x.outcome !== 'ok') onError(x)
      return undefined
    },
  }
}
