/** What is remembered of errors: each kind once, bounded, with its last samples. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ErrorLedger, type ErrorLedgerOptions } from '../../src/incidents/error-ledger.ts'
import { errorReport } from '../../src/incidents/error-report.ts'
import { exchange, operation } from './stage.ts'

const MINUTE = 60_000

function ledger(more: Partial<ErrorLedgerOptions> = {}) {
  const clock = { at: 1_800_000_000_000 }
  const made = new ErrorLedger({
    kinds: 10,
    samples: 3,
    nameLabel: (_upstream, _kind, name) => name ?? '',
    now: () => clock.at,
    ...more,
  })
  return { clock, ledger: made, all: () => made.list({ limit: 500 }).errors }
}

describe('kinds of error', () => {
  it('the same again is counted, not listed twice', () => {
    const { ledger: of, all } = ledger()
    for (let i = 0; i < 4; i++) of.exchangeEnded(exchange('tool_error', [operation('tool_error')]))
    assert.equal(all().length, 1)
    assert.equal(all()[0]?.count, 4)
    assert.deepEqual(all()[0]?.kind, {
      outcome: 'tool_error',
      errorType: 'tool_error',
      upstream: 'u',
      method: 'tools/call',
      httpMethod: '',
      target: 'search',
    })
  })

  it('another tool, outcome or upstream is another kind, and each has a fingerprint of its own that stays', () => {
    const once = () => {
      const { ledger: of, all } = ledger()
      of.exchangeEnded(exchange('tool_error', [operation('tool_error')]))
      of.exchangeEnded(exchange('tool_error', [operation('tool_error', { target: 'fetch' })]))
      of.exchangeEnded(exchange('timeout', [operation('timeout')]))
      of.exchangeEnded(exchange('timeout', [operation('timeout', { upstream: 'v' })]))
      return all().map(({ fingerprint }) => fingerprint)
    }
    const [first, second] = [once(), once()]
    assert.equal(new Set(first).size, 4)
    assert.deepEqual(first, second)
  })

  it('a method that MCP does not have is no kind of its own', () => {
    const { ledger: of, all } = ledger()
    for (const method of ['a', 'b']) of.exchangeEnded(exchange('refused', [operation('refused', { method })]))
    assert.deepEqual(
      all().map(({ kind }) => kind.method),
      ['_other'],
    )
  })

  it('beyond the limit the one that was not seen for longest goes, and is counted', () => {
    const { ledger: of, all } = ledger({ kinds: 3 })
    const seen = (target: string) => of.exchangeEnded(exchange('tool_error', [operation('tool_error', { target })]))
    for (const target of ['a', 'b', 'c', 'a', 'd']) seen(target)
    assert.deepEqual(
      all().map(({ kind }) => kind.target),
      ['d', 'a', 'c'],
    )
    assert.equal(of.evicted, 1)
    for (let i = 0; i < 10_000; i++) seen(`t${i}`)
    assert.equal(of.size, 3)
  })
})

describe('what tells of an error', () => {
  it('an exchange whose operation failed is one error, not two', () => {
    const { ledger: of, all } = ledger()
    const failed = operation('timeout')
    of.operationEnded(failed)
    of.exchangeEnded(exchange('timeout', [failed]))
    assert.deepEqual(
      all().map(({ count }) => count),
      [1],
    )
  })

  it('each failed operation of a batch counts, and those that went well do not', () => {
    const { ledger: of, all } = ledger()
    const batch = [operation('ok'), operation('tool_error'), operation('jsonrpc_error', { target: 'fetch' })]
    of.exchangeEnded(exchange('tool_error', batch))
    assert.deepEqual(
      all()
        .map(({ kind }) => kind.outcome)
        .sort(),
      ['jsonrpc_error', 'tool_error'],
    )
  })

  it('an exchange that broke after its answer is an error of the exchange', () => {
    const { ledger: of, all } = ledger()
    of.exchangeEnded(exchange('upstream_reset', [operation('ok')]))
    assert.equal(all()[0]?.kind.outcome, 'upstream_reset')
  })

  it('a stream that its downstream leaves is none', () => {
    const { ledger: of, all } = ledger()
    of.exchangeEnded(exchange('downstream_closed'))
    assert.deepEqual(all(), [])
  })

  it('an operation that ended after its exchange is told by itself, with the id of that exchange', () => {
    const { ledger: of, all } = ledger()
    const late = operation('timeout')
    late.adriftAt = 1010
    of.operationEnded(late)
    assert.equal(all()[0]?.samples[0]?.correlationId, 'c-1')
  })

  it('an exchange without a message is told by its HTTP method, of a closed set', () => {
    const { ledger: of, all } = ledger()
    of.exchangeEnded(exchange('refused'))
    assert.equal(all()[0]?.kind.httpMethod, 'POST')
  })
})

describe('how often', () => {
  it('rates are errors a minute over 1, 5 and 60 minutes', () => {
    const { clock, ledger: of, all } = ledger()
    for (let minute = 0; minute < 60; minute++) {
      clock.at += MINUTE
      of.exchangeEnded(exchange('timeout', [operation('timeout')]))
      of.exchangeEnded(exchange('timeout', [operation('timeout')]))
    }
    const [one, five, sixty] = all()[0]?.perMinute ?? [0, 0, 0]
    assert.ok(one >= 2 && one <= 4, `${one} in the last minute`)
    assert.ok(five >= 2 && five <= 2.4, `${five} a minute in the last five`)
    assert.ok(sixty >= 1.9 && sixty <= 2.1, `${sixty} a minute in the last hour`)
    clock.at += 10 * MINUTE
    assert.equal(all()[0]?.perMinute[0], 0)
    assert.equal(all()[0]?.perMinute[1], 0)
    assert.ok((all()[0]?.perMinute[2] ?? 0) > 1)
  })

  it('first and last time are kept, and faults are marked', () => {
    const { clock, ledger: of, all } = ledger()
    const start = clock.at
    of.exchangeEnded(exchange('timeout', [operation('timeout')]))
    clock.at += 5_000
    of.exchangeEnded(exchange('timeout', [operation('timeout')]))
    of.exchangeEnded(exchange('tool_error', [operation('tool_error')]))
    const [error, fault] = all()
    assert.deepEqual([fault?.firstAt, fault?.lastAt], [start, start + 5_000])
    assert.deepEqual([error?.fault, fault?.fault], [false, true])
  })
})

describe('samples', () => {
  it('the last few are kept, the latest first', () => {
    const { clock, ledger: of, all } = ledger({ samples: 2 })
    const start = clock.at
    for (let i = 0; i < 5; i++) {
      clock.at = start + i
      of.exchangeEnded(exchange('timeout', [operation('timeout')]))
    }
    assert.deepEqual(
      all()[0]?.samples.map(({ at }) => at - start),
      [4, 3],
    )
  })

  it("they carry the trace that the downstream sent, and its session's tag", () => {
    const { ledger: of } = ledger()
    const headers = {
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      'mcp-session-id': 'session-canary',
    }
    of.exchangeEnded(exchange('timeout', [operation('timeout')], headers))
    const report = JSON.stringify(errorReport(of, { limit: 10 }, false))
    assert.match(report, new RegExp(`"trace_id":"${'a'.repeat(32)}"`))
    assert.match(report, /"mcp\.session\.id":"[0-9a-f]{12}"/)
    assert.doesNotMatch(report, /session-canary/)
  })

  it("the upstream's words are shown only if wanted, and without what looks like a secret", () => {
    const { ledger: of } = ledger()
    const failed = operation('jsonrpc_error')
    failed.errorMessage = 'no connection to https://me:hunter2@db/x, token=abcdefgh'
    of.exchangeEnded(exchange('jsonrpc_error', [failed]))
    assert.doesNotMatch(JSON.stringify(errorReport(of, { limit: 10 }, false)), /no connection/)
    const shown = JSON.stringify(errorReport(of, { limit: 10 }, true))
    assert.match(shown, /no connection/)
    assert.doesNotMatch(shown, /hunter2|abcdefgh/)
  })

  it('what peers choose is cut', () => {
    const { ledger: of, all } = ledger()
    of.exchangeEnded(exchange('timeout', [operation('timeout', { id: 'x'.repeat(4000) })]))
    assert.equal(all()[0]?.samples[0]?.requestId?.length, 128)
  })
})

describe('queries', () => {
  it('by upstream, by outcome, and at most so many, with the number of all that fit', () => {
    const { ledger: of } = ledger()
    for (const upstream of ['u', 'v'])
      for (const outcome of ['timeout', 'tool_error'] as const)
        of.exchangeEnded(exchange(outcome, [operation(outcome, { upstream })]))
    assert.equal(of.list({ upstream: 'v', limit: 10 }).total, 2)
    assert.equal(of.list({ outcomes: new Set(['timeout'] as const), limit: 10 }).total, 2)
    const { total, errors } = of.list({ limit: 1 })
    assert.deepEqual([total, errors.length], [4, 1])
    assert.equal(errors[0]?.kind.upstream, 'v')
  })
})
