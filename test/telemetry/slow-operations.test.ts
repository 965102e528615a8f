/** Which operations are slow, and what is told of them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Operation, type OperationFacts } from '../../src/exchange/operation.ts'
import { SlowOperations, type SlowThresholds } from '../../src/telemetry/slow-operations.ts'

const facts: OperationFacts = {
  direction: 'server',
  upstream: 'u',
  id: 7,
  method: 'tools/call',
  target: 'echo',
  cursor: undefined,
  revision: '2025-11-25',
  startedAt: 1000,
}

function ended(took: number, more: Partial<OperationFacts> = {}): Operation {
  const operation = new Operation({ ...facts, ...more })
  operation.endedAt = operation.startedAt + took
  return operation
}

function watch(thresholds: Partial<SlowThresholds>) {
  const lines: object[] = []
  const counted: string[] = []
  const slow = new SlowOperations({
    thresholds: { default: 0, methods: {}, tools: {}, ...thresholds },
    logger: { warn: (fields, message) => void lines.push({ ...fields, msg: message }) },
    onSlow: ({ upstream, method }) => void counted.push(`${upstream} ${method}`),
  })
  return { lines, counted, ended: (operation: Operation) => slow.ended(operation) }
}

/** Milliseconds from which on the operation is slow; 0: never within a minute. */
function thresholdOf(thresholds: Partial<SlowThresholds>, more: Partial<OperationFacts>): number {
  for (const took of [1, 2, 3, 4, 5, 6, 60_000]) {
    const { counted, ended: end } = watch(thresholds)
    end(ended(took, more))
    if (counted.length > 0) return took
  }
  return 0
}

test('its line has the correlation id of the exchange that began it, once that is known', () => {
  const { lines, ended: end } = watch({ default: 1 })
  const operation = ended(5)
  operation.correlationId = 'c-1'
  end(operation)
  assert.equal((lines[0] as { correlation_id?: string }).correlation_id, 'c-1')
})

test('one that took as long as the threshold is told and counted once, a shorter one not', () => {
  const { lines, counted, ended: end } = watch({ default: 2000 })
  end(ended(1999.9))
  assert.deepEqual([lines, counted], [[], []])
  const operation = ended(2500.1234)
  operation.outcome = 'tool_error'
  operation.errorType = 'tool_error'
  end(operation)
  assert.deepEqual(counted, ['u tools/call'])
  assert.deepEqual(lines, [
    {
      upstream: 'u',
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'echo',
      'jsonrpc.request.id': '7',
      'mcp.protocol.version': '2025-11-25',
      asked_by: 'downstream',
      outcome: 'tool_error',
      'error.type': 'tool_error',
      duration_ms: 2500.123,
      threshold_ms: 2000,
      msg: 'slow operation',
    },
  ])
})

test('the URI of a resource is not told', () => {
  const { lines, ended: end } = watch({ default: 1 })
  end(ended(5, { method: 'resources/read', target: 'file:///secret' }))
  assert.equal(lines.length, 1)
  assert.doesNotMatch(JSON.stringify(lines), /secret/)
})

describe('the threshold', () => {
  test('is that of the tool, else of the method, else the default', () => {
    const thresholds = { default: 1, methods: { 'tools/call': 2, 'tools/list': 3 }, tools: { echo: 4 } }
    assert.equal(thresholdOf(thresholds, {}), 4)
    assert.equal(thresholdOf(thresholds, { target: 'other' }), 2)
    assert.equal(thresholdOf(thresholds, { target: undefined }), 2)
    assert.equal(thresholdOf(thresholds, { method: 'tools/list', target: undefined }), 3)
    assert.equal(thresholdOf(thresholds, { method: 'prompts/get' }), 1)
  })

  test('of tools goes by patterns, the first that fits', () => {
    const tools = { 'search_*': 2, '*_slow': 3, 'a*b*c': 4, '*': 5 }
    const limits = [
      'search_x',
      'search_',
      'search_slow',
      'x_slow',
      'abc',
      'a-b-b-c',
      'acb',
      'abc.',
      'ac',
      'search',
    ].map((target) => thresholdOf({ tools }, { target }))
    assert.deepEqual(limits, [2, 2, 2, 3, 4, 4, 5, 5, 5, 5])
  })

  test('knows no pattern but *', () => {
    assert.equal(thresholdOf({ default: 1, tools: { 'a.c': 5, '(': 5, 'a*a': 5 } }, { target: 'abc' }), 1)
    assert.equal(thresholdOf({ default: 1, tools: { 'a*a': 5, 'a*bc*c': 5 } }, { target: 'a' }), 1)
    assert.equal(thresholdOf({ default: 1, tools: { 'a*bc*c': 5 } }, { target: 'abc' }), 1)
    assert.equal(thresholdOf({ default: 1, tools: { '(': 5 } }, { target: '(' }), 5)
  })

  test('of 0 is none', () => {
    assert.equal(thresholdOf({}, {}), 0)
    assert.equal(thresholdOf({ default: 1, tools: { echo: 0 } }, {}), 0)
    assert.equal(thresholdOf({ default: 1, methods: { 'tools/call': 0 } }, {}), 0)
  })

  test('holds for what lasts or waits for people only if it names the method', () => {
    for (const more of [
      { method: 'subscriptions/listen' },
      { method: 'elicitation/create', direction: 'client' },
      { method: 'ping', direction: 'client' },
    ] as const) {
      assert.equal(thresholdOf({ default: 1 }, more), 0)
      assert.equal(thresholdOf({ default: 1, methods: { [more.method]: 3 } }, more), 3)
    }
  })
})
