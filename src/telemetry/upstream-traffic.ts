/** Whether an upstream answers its calls, read off the figures that are counted anyway: traffic pays nothing for it. */
import type { Outcome } from '../exchange/outcome.ts'
import type { Traffic } from '../upstream/probe.ts'
import type { Instruments } from './instruments.ts'

/** A JSON-RPC response came. */
const ANSWERED: ReadonlySet<string> = new Set<Outcome>(['ok', 'tool_error', 'jsonrpc_error'])
const FAILED: ReadonlySet<string> = new Set<Outcome>(['timeout', 'upstream_reset', 'upstream_unreachable'])

export function upstreamTraffic({ operations: { serverDuration } }: Instruments, upstream: string): () => Traffic {
  const { labels } = serverDuration.def
  const [UPSTREAM, METHOD, OUTCOME] = ['upstream', 'mcp.method.name', 'outcome'].map((label) => labels.indexOf(label))
  return () => {
    let answered = 0
    let failed = 0
    for (const { labelValues, count } of serverDuration.series) {
      if (labelValues[UPSTREAM as number] !== upstream) continue
      const outcome = labelValues[OUTCOME as number] ?? ''
      // Any web server may take a notification without a word.
      if (ANSWERED.has(outcome) && !labelValues[METHOD as number]?.startsWith('notifications/')) answered += count
      if (FAILED.has(outcome)) failed += count
    }
    return { answered, failed }
  }
}
