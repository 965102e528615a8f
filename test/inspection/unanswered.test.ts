/** Operations that were not answered, and the exchange that carried them: a table of every case. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Operation } from '../../src/exchange/operation.ts'
import type { Outcome } from '../../src/exchange/outcome.ts'
import { exchangeVerdict, unanswered } from '../../src/inspection/unanswered.ts'
import { Envelope } from '../../src/mcp/message.ts'
import { exchange } from '../exchange/chain-parts.ts'

const stray = (errorCode: number, id: number | null = null): Envelope =>
  Object.assign(new Envelope(), { kind: 'error', errorCode, id })

function operation(id: number | undefined = 1, more: Partial<Operation> = {}): Operation {
  const facts = { direction: 'server', upstream: 'u', method: 'tools/call', revision: '', startedAt: 0 } as const
  return Object.assign(new Operation({ ...facts, id, target: undefined, cursor: undefined }), more)
}

interface Case {
  readonly outcome: Outcome
  readonly detail?: string
  readonly stream?: boolean
  readonly interrupted?: boolean
  readonly notification?: boolean
  readonly cancelled?: boolean
  readonly resumable?: boolean
  readonly unread?: string
  readonly stray?: Envelope
  readonly is: string
}

const CASES: readonly Case[] = [
  { outcome: 'ok', is: 'unknown no_response' },
  { outcome: 'ok', stream: true, is: 'upstream_reset no_response' },
  { outcome: 'ok', stream: true, resumable: true, is: 'goes on' },
  { outcome: 'ok', stream: true, interrupted: true, is: 'gateway_error drain_deadline' },
  { outcome: 'ok', stream: true, interrupted: true, resumable: true, is: 'goes on' },
  { outcome: 'ok', unread: 'limit', is: 'unknown limit' },
  { outcome: 'ok', unread: 'limit', stream: true, resumable: true, is: 'unknown limit' },
  { outcome: 'ok', cancelled: true, stream: true, is: 'downstream_closed cancelled' },
  { outcome: 'ok', cancelled: true, stream: true, resumable: true, is: 'downstream_closed cancelled' },
  { outcome: 'ok', notification: true, is: 'ok' },
  { outcome: 'ok', stray: stray(-32600), is: 'jsonrpc_error -32600' },
  { outcome: 'ok', stray: stray(-32600, 9), is: 'unknown no_response' },
  { outcome: 'http_error', detail: '503', is: 'http_error 503' },
  { outcome: 'http_error', detail: '503', notification: true, is: 'http_error 503' },
  { outcome: 'http_error', detail: '400', stray: stray(-32600), is: 'jsonrpc_error -32600' },
  { outcome: 'http_error', detail: '400', cancelled: true, resumable: true, is: 'http_error 400' },
  { outcome: 'downstream_closed', detail: 'downstream_closed', is: 'downstream_closed downstream_closed' },
  { outcome: 'downstream_closed', detail: 'downstream_closed', resumable: true, is: 'goes on' },
  { outcome: 'upstream_reset', detail: 'upstream_invalid', is: 'upstream_reset upstream_invalid' },
  { outcome: 'upstream_reset', detail: 'upstream_reset', resumable: true, is: 'goes on' },
  { outcome: 'upstream_reset', detail: 'upstream_reset', cancelled: true, is: 'downstream_closed cancelled' },
  {
    outcome: 'upstream_reset',
    detail: 'upstream_reset',
    notification: true,
    resumable: true,
    is: 'upstream_reset upstream_reset',
  },
  { outcome: 'timeout', detail: 'upstream_timeout', resumable: true, cancelled: true, is: 'timeout upstream_timeout' },
  { outcome: 'refused', detail: 'queue_full', is: 'refused queue_full' },
  { outcome: 'upstream_unreachable', detail: 'upstream_tls', is: 'upstream_unreachable upstream_tls' },
  { outcome: 'gateway_error', detail: 'interceptor_failed', resumable: true, is: 'gateway_error interceptor_failed' },
]

describe('an operation that was not answered', () => {
  for (const one of CASES) {
    const { outcome, detail = '', stream = false, notification = false, cancelled = false, resumable = false } = one
    const { unread = '', interrupted = false, is } = one
    const facts = Object.entries({ stream, interrupted, notification, cancelled, resumable }).filter(
      ([, holds]) => holds,
    )
    const words = [...facts.map(([word]) => word), unread, one.stray && `stray ${one.stray.errorCode} ${one.stray.id}`]
    it(`${[outcome, detail, ...words].filter(Boolean).join(', ')}: ${is}`, () => {
      const x = Object.assign(exchange(), { outcome, errorType: detail, stream, interrupted })
      const about = operation(1, { cancelled })
      const verdict = unanswered(notification ? operation(-1, { id: undefined } as Partial<Operation>) : about, x, {
        stray: one.stray,
        unread,
        resumable,
      })
      assert.equal(verdict === undefined ? 'goes on' : `${verdict.outcome} ${verdict.errorType}`.trim(), is)
    })
  }
})

describe('an exchange', () => {
  const ended = (outcome: Outcome, errorType = '', more: Partial<Operation> = {}) =>
    operation(1, { endedAt: 1, outcome, errorType, ...more })
  const verdict = (
    outcome: Outcome,
    operations: readonly Operation[],
    { unread = '', error }: { readonly unread?: string; readonly error?: Envelope } = {},
  ): string => {
    const x = Object.assign(exchange(), { outcome, errorType: outcome === 'ok' ? '' : '400', operations })
    exchangeVerdict(x, error, unread)
    return `${x.outcome} ${x.errorType}`.trim()
  }

  it('is what the first operation is that is not ok', () => {
    const failed = ended('jsonrpc_error', '-32602')
    assert.equal(verdict('ok', []), 'ok')
    assert.equal(verdict('ok', [ended('ok'), failed, ended('tool_error', 'tool_error')]), 'jsonrpc_error -32602')
    assert.equal(verdict('http_error', [ended('ok'), failed]), 'jsonrpc_error -32602')
  })

  it('is ok while what it carried goes on elsewhere', () => {
    assert.equal(verdict('ok', [operation(1), ended('ok')]), 'ok')
  })

  it('keeps what went wrong on the wire, whatever was answered before', () => {
    assert.equal(verdict('upstream_reset', [ended('tool_error', 'tool_error')]), 'upstream_reset 400')
  })

  it('is what a stray error of a failed response says', () => {
    assert.equal(verdict('http_error', [], { error: stray(-32600) }), 'jsonrpc_error -32600')
    assert.equal(verdict('http_error', []), 'http_error 400')
    assert.equal(verdict('ok', [], { error: stray(-32600) }), 'ok')
  })

  it('is never ok when it was not read', () => {
    assert.equal(verdict('ok', [], { unread: 'unsupported' }), 'unknown unsupported')
    assert.equal(verdict('ok', [ended('ok')], { unread: 'corrupt' }), 'unknown corrupt')
    // One event of many: the rest was read.
    assert.equal(verdict('ok', [ended('ok')], { unread: 'invalid_json' }), 'ok')
  })

  it('that only asked which era the upstream is of is ok', () => {
    assert.equal(verdict('http_error', [ended('ok', '', { resultType: 'fallback_probe' })]), 'ok')
  })
})
