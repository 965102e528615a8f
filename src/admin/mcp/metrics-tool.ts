/** The tool `get_metrics`: a short summary, or the page of `/metrics` as far as it is asked for. */
import { expose } from '../../telemetry/exposition.ts'
import type { FamilySource } from '../../telemetry/family.ts'
import { familyName } from '../../telemetry/prometheus-names.ts'
import { compilePattern } from '../../telemetry/rules/pattern.ts'
import { summarize } from './metrics-summary.ts'
import type { Sources } from './sources.ts'
import { inputs, READ_ONLY, structured, type Tool, ToolFault, textResult, UPSTREAM, upstreamOf } from './tool.ts'

const FORMATS = ['summary', 'prometheus', 'json'] as const

/** Characters of a page that are told: more is of no use to a model. */
const LONGEST = 100_000

/** Operations of a summary. */
const MOST_OPERATIONS = 200

export function metricsTool({ metrics, upstreams }: Sources): Tool {
  return {
    right: 'read',
    definition: {
      name: 'get_metrics',
      title: 'Metrics',
      description:
        'Metrics since the process began. "summary" (the default) is short: for each upstream whether it is up, its sessions and active requests; ' +
        'for each tool and method the calls, the errors by outcome, and p50, p95 and p99 in milliseconds. ' +
        'Ask twice, some time apart, to see rates. "prometheus" and "json" give the page of /metrics: name what you need with "filter", ' +
        'because the whole page is long. The resource sidelight://metrics tells what each metric means.',
      inputSchema: inputs({
        format: { type: 'string', enum: FORMATS, default: 'summary', description: 'Form of the answer.' },
        filter: {
          type: 'string',
          description:
            'Names of metrics, with * for any characters, as Prometheus or OpenTelemetry has them: mcp_pool_*, mcp.upstream.up. Not for summary.',
        },
        upstream: { ...UPSTREAM, description: `${UPSTREAM.description} For summary alone.` },
      }),
      annotations: READ_ONLY,
    },
    run: async (given) => {
      const format = given.word('format', FORMATS) ?? 'summary'
      const filter = given.text('filter')
      const upstream = upstreamOf(given, upstreams)
      const source = await metrics()
      if (format === 'summary') return structured({ ...summarize(source, upstream, MOST_OPERATIONS) })
      const text = await pageOf(filter === undefined ? source : only(source, filter), format)
      return textResult(text === '' ? `No metric has a name like ${filter}` : text)
    },
  }
}

async function pageOf(source: FamilySource, format: 'prometheus' | 'json'): Promise<string> {
  let text = ''
  for await (const piece of expose(source, format === 'json' ? 'json' : 'text')) {
    text += piece
    if (text.length <= LONGEST) continue
    // Half a page is still a page as text, and nothing as JSON.
    if (format === 'json') throw new ToolFault(`The page is longer than ${LONGEST} characters: use "filter"`)
    const whole = text.slice(0, text.lastIndexOf('\n', LONGEST) + 1)
    return `${whole}# cut here: the page is longer than ${LONGEST} characters; name what you need with "filter"\n`
  }
  return text
}

function only(source: FamilySource, filter: string): FamilySource {
  const fits = compilePattern(filter)
  return {
    collect: () =>
      [...source.collect()].filter(({ def }) => {
        const { family, sample } = familyName(def)
        return fits(def.name) || fits(family) || fits(sample)
      }),
  }
}
