/** What a gateway should have counted and logged, and what it did: both as counts of the same words. */
import type { TestGateway } from '../support/gateway.ts'

export type Counts = ReadonlyMap<string, number>

/** Words for an absent label, so that every key has the same parts. */
const word = (text: string | undefined): string => (text === undefined || text === '' ? '-' : text)

/** `outcome error.type`, the second absent for `ok`. */
export type Verdict = string

export interface OperationKey {
  readonly upstream: string
  readonly method: string
  readonly tool?: string
  readonly prompt?: string
  readonly revision: string
  readonly resultType?: string
}

export function operationKey(of: OperationKey, verdict: Verdict): string {
  const { upstream, method, tool, prompt, revision, resultType } = of
  const [outcome, errorType] = verdict.split(' ')
  return [upstream, method, tool, prompt, revision, outcome, errorType, resultType].map(word).join(' ')
}

export class Ledger {
  readonly server = new Map<string, number>()
  readonly client = new Map<string, number>()
  readonly requests = new Map<string, number>()
  /** The verdict on each exchange, by its correlation id. */
  readonly exchanges = new Map<string, Verdict>()

  operation(of: OperationKey, verdict: Verdict): void {
    add(this.server, operationKey(of, verdict))
  }

  /** What an upstream asked of its downstream. */
  asked({ upstream, method, revision }: OperationKey, verdict: Verdict): void {
    const [outcome, errorType] = verdict.split(' ')
    add(this.client, [upstream, method, revision, outcome, errorType].map(word).join(' '))
  }

  exchange(correlationId: string, upstream: string, method: string, verdict: Verdict): void {
    this.exchanges.set(correlationId, verdict)
    add(this.requests, [upstream, method, verdict.split(' ')[0]].map(word).join(' '))
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const SERVER = [
  'upstream',
  'mcp_method_name',
  'gen_ai_tool_name',
  'gen_ai_prompt_name',
  'mcp_protocol_version',
  'outcome',
  'error_type',
  'mcp_result_type',
]
const CLIENT = ['upstream', 'mcp_method_name', 'mcp_protocol_version', 'outcome', 'error_type']
const REQUESTS = ['upstream', 'http_request_method', 'outcome']

export interface Counted {
  readonly server: Counts
  readonly client: Counts
  readonly requests: Counts
}

export async function counted({ adminUrl }: TestGateway): Promise<Counted> {
  const page = await (await fetch(`${adminUrl}/metrics`)).text()
  return {
    server: series(page, 'mcp_server_operation_duration_seconds_count', SERVER),
    client: series(page, 'mcp_client_operation_duration_seconds_count', CLIENT),
    requests: series(page, 'mcp_requests_total', REQUESTS),
  }
}

function series(page: string, name: string, labels: readonly string[]): Counts {
  const counts = new Map<string, number>()
  for (const [, text = '', value] of page.matchAll(new RegExp(`^${name}\\{(.*)\\} (\\S+)$`, 'gm'))) {
    const given = new Map([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', said = '']) => [label, said]))
    counts.set(labels.map((label) => word(given.get(label))).join(' '), Number(value))
  }
  return counts
}

/** A line for each key whose counts differ; empty when all are equal. */
export function differences(expected: Counts, actual: Counts): string[] {
  const keys = [...new Set([...expected.keys(), ...actual.keys()])].sort()
  return keys
    .filter((key) => (expected.get(key) ?? 0) !== (actual.get(key) ?? 0))
    .map((key) => `${key}: ${expected.get(key) ?? 0} happened, ${actual.get(key) ?? 0} counted`)
}

/** A line for each exchange whose log line is missing or says something else. */
export function misjudged({ exchanges }: Ledger, { exchanges: lines }: TestGateway): string[] {
  const logged = new Map<string, Verdict>()
  for (const line of lines)
    logged.set(
      String(line.correlation_id),
      [line.outcome, line['error.type']].filter((part) => part !== undefined).join(' '),
    )
  return [...exchanges]
    .filter(([id, verdict]) => logged.get(id) !== verdict)
    .map(([id, verdict]) => `${id}: ${verdict} happened, ${logged.get(id) ?? 'nothing'} logged`)
}
