/** Writes the PromQL that dashboards ask: selectors with the dashboard's variables, rates, quantiles and rare events. */

const SCOPE = 'namespace=~"$namespace", instance=~"$instance"'
const WINDOW = '[$__rate_interval]'

/**
 * What counts as failed, as in the recording rule sidelight:operations_failed:rate5m; a test holds them equal.
 * Dashboards ask raw series where they can, so that they work where the rules are not loaded.
 */
export const FAILED =
  'outcome=~"jsonrpc_error|http_error|timeout|upstream_reset|upstream_unreachable|gateway_error", error_type!~"401|404|-32001|-32042"'

export const OPERATIONS = 'mcp_server_operation_duration_seconds'

/** Streams that are meant to last are no slow calls. */
export const NO_STREAMS = 'mcp_method_name!="subscriptions/listen"'

/** A series of the gateways that are looked at. */
export const ofGateway = (metric: string, ...matchers: readonly string[]): string =>
  `${metric}{${[SCOPE, ...matchers].join(', ')}}`

/** A series of the upstreams that are looked at. */
export const ofUpstream = (metric: string, ...matchers: readonly string[]): string =>
  ofGateway(metric, 'upstream=~"$upstream"', ...matchers)

/** Tool calls. */
export const ofTool = (metric: string, ...matchers: readonly string[]): string =>
  ofUpstream(metric, 'gen_ai_tool_name=~"$tool"', ...matchers)

/** What recording rules made, which know no instance. */
export const ofObjective = (metric: string): string =>
  `${metric}{namespace=~"$namespace", upstream=~"$upstream", objective=~"$objective"}`

/** A metric that other programs have too, of gateways alone. */
export const ofProcess = (expression: string): string =>
  `${expression} and on (job, instance) ${ofGateway('sidelight_build_info')}`

/** @param by labels, separated by commas; none for one series */
export const sum = (by: string, expression: string): string =>
  by === '' ? `sum(${expression})` : `sum by (${by}) (${expression})`

export const rate = (selector: string, window = WINDOW): string => `rate(${selector}${window})`

export const sumRate = (by: string, selector: string, window = WINDOW): string => sum(by, rate(selector, window))

/** @param buckets a selector of `…_bucket` series */
export const quantile = (q: number, by: string, buckets: string, window = WINDOW): string =>
  `histogram_quantile(${q}, ${sumRate(by === '' ? 'le' : `${by}, le`, buckets, window)})`

/** Zero where there is no bad one yet, but something at all. */
export const share = (by: string, bad: string, all: string, window = WINDOW): string =>
  `(${sumRate(by, bad, window)} or 0 * ${sumRate(by, all, window)}) / ${sumRate(by, all, window)}`

/** The mean of what a histogram recorded. */
export const mean = (
  by: string,
  metric: string,
  select: (metric: string, ...matchers: readonly string[]) => string,
  window = WINDOW,
): string => `${sumRate(by, select(`${metric}_sum`), window)} / ${sumRate(by, select(`${metric}_count`), window)}`

/**
 * How many there were in each step, of what is rare: increase() misses what a series was born with, so one that was not
 * there a step ago counts whole, where its gateway was being scraped then or had not started long before.
 */
export function events(by: string, counter: string): string {
  const uptime = ofGateway('sidelight_uptime_seconds')
  const scraped = `(${uptime} offset $__rate_interval or ${uptime} < 600)`
  const born = `${counter} unless ${counter} offset $__rate_interval and on (job, instance) ${scraped}`
  return sum(by, `(${born}) or increase(${counter}${WINDOW})`)
}
