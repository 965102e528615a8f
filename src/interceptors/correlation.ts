/** Gives every exchange one correlation id, sent up, sent back and logged, always as `X-Correlation-ID`. */
import { correlationId } from '../exchange/correlation-id.ts'
import type { Interceptor } from '../exchange/interceptor.ts'

export function correlation(): Interceptor {
  return {
    name: 'correlation',
    onRequest(x) {
      x.correlationId = correlationId(x.headers)
      return undefined
    },
    onResponse(x, head) {
      head.set('x-correlation-id', x.correlationId)
      return undefined
    },
  }
}
