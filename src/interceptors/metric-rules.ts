/** Shows calls to the metric rules of the configuration. That an operation has ended they are told where operations are followed. */
import type { Interceptor } from '../exchange/interceptor.ts'
import type { MetricRules } from '../telemetry/rules/metric-rules.ts'

export function metricRules(rules: MetricRules): Interceptor {
  return {
    name: 'metric_rules',
    onRequest(x) {
      rules.begin(x)
      return undefined
    },
    onResponse(x) {
      rules.response(x)
      return undefined
    },
  }
}
