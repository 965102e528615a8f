/** The tools `get_errors`, `get_slow_calls` and `get_sessions`. */
import { OUTCOMES } from '../../exchange/outcome.ts'
import { errorReport } from '../../incidents/error-report.ts'
import { listSessions } from '../sessions.ts'
import type { Sources } from './sources.ts'
import {
  inputs,
  limit,
  type ObjectSchema,
  READ_ONLY,
  structured,
  type Tool,
  ToolFault,
  UPSTREAM,
  upstreamOf,
} from './tool.ts'

const MOST = 100

const LIST = { type: 'array', items: { type: 'object' } } as const

const report = (properties: Readonly<Record<string, object>>): ObjectSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => name !== 'next_cursor'),
})

export function incidentTools(sources: Sources): Tool[] {
  return [errorsTool(sources), slowCallsTool(sources), sessionsTool(sources)]
}

function errorsTool({ ledger, messages, upstreams }: Sources): Tool {
  return {
    right: 'read',
    definition: {
      name: 'get_errors',
      title: 'Errors by kind',
      description:
        'What fails, by kind (outcome, error type, upstream, method, tool), the latest first: how often, since when, ' +
        'errors a minute over the last 1, 5 and 60 minutes, and the last samples with correlation and trace ids to look up in logs and traces. ' +
        'Compare the rates to see whether it is going on (1m) or over. ' +
        '"fault": true means that the gateway or the upstream failed; otherwise the server answered with an error, or the request was refused. ' +
        'Outcomes: tool_error (the tool said so), jsonrpc_error, http_error, refused (a limit or a check of the gateway), ' +
        'timeout, downstream_closed (the client left), upstream_reset, upstream_unreachable, gateway_error, unknown.',
      inputSchema: inputs({
        upstream: UPSTREAM,
        outcome: { type: 'string', enum: OUTCOMES, description: 'Only this outcome.' },
        limit: limit(20, MOST),
      }),
      outputSchema: report({
        errors: { ...LIST, description: 'The kinds.' },
        total: { type: 'integer', description: 'Kinds that fit, also those beyond the limit.' },
        evicted: { type: 'integer', description: 'Kinds that were forgotten to make room.' },
      }),
      annotations: READ_ONLY,
    },
    run: (given) => {
      const outcome = given.word('outcome', OUTCOMES)
      const outcomes = outcome === undefined ? undefined : new Set([outcome])
      const upstream = upstreamOf(given, () => ledger.upstreamsBeside(upstreams()))
      const query = { upstream, outcomes, limit: given.whole('limit', 20, MOST) }
      return structured(errorReport(ledger, query, messages))
    },
  }
}

function slowCallsTool({ slowCalls, upstreams }: Sources): Tool {
  return {
    right: 'read',
    definition: {
      name: 'get_slow_calls',
      title: 'Slow calls',
      description:
        'The last operations that took longer than their threshold (setting log.slow, 5 s unless set), the latest first: ' +
        'which tool, how long (duration_ms) against which threshold, how it ended, and its correlation id. ' +
        'For percentiles of all calls, ask get_metrics with format "summary".',
      inputSchema: inputs({ upstream: UPSTREAM, limit: limit(20, MOST) }),
      outputSchema: report({ calls: { ...LIST, description: 'The calls.' } }),
      annotations: READ_ONLY,
    },
    run: (given) =>
      structured({
        calls: slowCalls.list({ upstream: upstreamOf(given, upstreams), limit: given.whole('limit', 20, MOST) }),
      }),
  }
}

function sessionsTool({ sessions, upstreams }: Sources): Tool {
  return {
    right: 'read',
    definition: {
      name: 'get_sessions',
      title: 'Sessions',
      description:
        'MCP sessions that are open now, the oldest first: upstream, which client, age and idle time in seconds, open streams, messages so far. ' +
        'Ids are hashed, as in the log. Clients of revision 2026-07-28 have no sessions and do not stand here.',
      inputSchema: inputs({
        upstream: UPSTREAM,
        limit: limit(20, MOST),
        cursor: { type: 'string', description: 'next_cursor of the page before.' },
      }),
      outputSchema: report({
        total: { type: 'integer', description: 'Sessions in all.' },
        sessions: { ...LIST, description: 'A page of them.' },
        next_cursor: { type: 'string', description: 'Left out on the last page.' },
      }),
      annotations: READ_ONLY,
    },
    run: (given) => {
      const cursor = Number(given.text('cursor', 16) ?? '0')
      if (!Number.isSafeInteger(cursor) || cursor < 0) throw new ToolFault('cursor must be next_cursor of a page')
      const query = {
        upstream: upstreamOf(given, upstreams),
        limit: given.whole('limit', 20, MOST),
        cursor,
        reveal: false,
      }
      // Without the keys that have no value, as JSON has it.
      return structured(JSON.parse(JSON.stringify(listSessions(sessions, query))) as Record<string, unknown>)
    },
  }
}
