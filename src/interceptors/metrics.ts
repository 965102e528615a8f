/** Counts every exchange once, at its last byte. */
import type { Interceptor } from '../exchange/interceptor.ts'
import type { ExchangeMeter } from '../telemetry/exchange-meter.ts'

export function metrics(meter: ExchangeMeter): Interceptor {
  return {
    name: 'metrics',
    onResponse(x) {
      if (x.stream) meter.streaming(x)
      return undefined
    },
    onEnd(x) {
      meter.ended(x)
      return undefined
    },
  }
}
