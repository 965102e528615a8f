/** What a response message says of its operation: a word and a detail that are both of closed sets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verdictOf } from '../../src/inspection/verdict.ts'
import { Envelope } from '../../src/mcp/message.ts'

const of = (facts: Partial<Envelope>): string => {
  const { outcome, errorType } = verdictOf(Object.assign(new Envelope(), facts))
  return `${outcome} ${errorType}`.trim()
}

test('a result is ok, or the error of a tool', () => {
  assert.equal(of({ kind: 'response' }), 'ok')
  assert.equal(of({ kind: 'response', isError: true }), 'tool_error tool_error')
})

test('an error says its code where JSON-RPC, MCP or the SDKs know it', () => {
  for (const errorCode of [
    -32700, -32600, -32601, -32602, -32603, -32000, -32001, -32002, -32020, -32021, -32022, -32042,
  ])
    assert.equal(of({ kind: 'error', errorCode }), `jsonrpc_error ${errorCode}`)
})

test('any other code is one label, and so is none', () => {
  for (const errorCode of [0, 1, -1, -32099, 404, 1.5, Number.MAX_VALUE, Number.NaN, undefined])
    assert.equal(of({ kind: 'error', errorCode }), 'jsonrpc_error _other')
})

test('an error is one whatever else its message has', () => {
  assert.equal(of({ kind: 'error', errorCode: -32602, isError: true, hasResult: true }), 'jsonrpc_error -32602')
})
