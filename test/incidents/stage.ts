/** Exchanges and operations that ended, for tests of what is remembered of them. */
import { Exchange } from '../../src/exchange/exchange.ts'
import { Operation, type OperationFacts } from '../../src/exchange/operation.ts'
import type { Outcome } from '../../src/exchange/outcome.ts'

const FACTS: OperationFacts = {
  direction: 'server',
  upstream: 'u',
  id: 7,
  method: 'tools/call',
  target: 'search',
  cursor: undefined,
  revision: '2025-11-25',
  startedAt: 1000,
}

export function operation(outcome: Outcome, more: Partial<OperationFacts> = {}): Operation {
  const made = new Operation({ ...FACTS, ...more })
  made.outcome = outcome
  made.errorType = outcome === 'ok' ? '' : outcome
  made.endedAt = made.startedAt + 12
  made.correlationId = 'c-1'
  return made
}

/** @param headers of the request */
export function exchange(
  outcome: Outcome,
  operations: readonly Operation[] = [],
  headers: Readonly<Record<string, string>> = {},
): Exchange {
  const head = { method: 'POST', url: '/mcp', headers, rawHeaders: [] }
  const made = new Exchange({ path: '/mcp', upstream: 'u', mcp: true }, head, '127.0.0.1', false, 1000)
  made.correlationId = 'c-1'
  made.outcome = outcome
  made.errorType = outcome === 'ok' ? '' : outcome
  made.endedAt = 1020
  made.operations = operations
  return made
}
