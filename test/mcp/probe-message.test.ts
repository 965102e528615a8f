/** What a probe asks, and what an answer to it says. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { discoverRequest, initializeRequest, probeAnswer } from '../../src/mcp/probe-message.ts'

const JSON_TYPE = 'application/json'
const EVENTS = 'Text/Event-Stream; charset=utf-8'
const RESULT = '{"jsonrpc":"2.0","id":"sidelight-probe","result":{"a":1}}'
const ERROR = '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}'
const NOTE = '{"jsonrpc":"2.0","method":"notifications/message","params":{"result":{}}}'

describe('a probe', () => {
  it('of 2026-07-28 names its revision and method in headers and body alike', () => {
    const { headers, body } = discoverRequest('1.2.3')
    const { jsonrpc, id, method, params } = JSON.parse(body)
    assert.deepEqual([jsonrpc, id, method], ['2.0', 'sidelight-probe', 'server/discover'])
    assert.equal(headers['mcp-method'], method)
    assert.equal(headers['mcp-protocol-version'], params._meta['io.modelcontextprotocol/protocolVersion'])
    assert.deepEqual(params._meta['io.modelcontextprotocol/clientInfo'], { name: 'sidelight-probe', version: '1.2.3' })
    assert.deepEqual(params._meta['io.modelcontextprotocol/clientCapabilities'], {})
  })

  it('of the revisions before is an initialize without a version header', () => {
    const { headers, body } = initializeRequest('1.2.3')
    assert.deepEqual(Object.keys(headers).sort(), ['accept', 'content-type'])
    const { method, params } = JSON.parse(body)
    assert.deepEqual([method, params.protocolVersion, params.clientInfo.version], ['initialize', '2025-11-25', '1.2.3'])
  })

  it('accepts both forms of an answer', () => {
    for (const { headers } of [discoverRequest('1'), initializeRequest('1')]) {
      assert.deepEqual([headers.accept, headers['content-type']], ['application/json, text/event-stream', JSON_TYPE])
    }
  })
})

describe('an answer', () => {
  const cases: readonly (readonly [what: string, status: number, type: string, text: string, says: string])[] = [
    ['a result', 200, JSON_TYPE, RESULT, 'result'],
    ['an error', 200, JSON_TYPE, ERROR, 'error'],
    ['an error with 400', 400, JSON_TYPE, ERROR, 'error'],
    ['an error with 401', 401, JSON_TYPE, ERROR, 'error'],
    ['a result without a content type', 200, '', RESULT, 'result'],
    ['a bare 401', 401, 'text/html', '<h1>401</h1>', 'refused'],
    ['an empty 403', 403, '', '', 'refused'],
    ['a bare 404', 404, 'text/plain', 'Not Found', 'none'],
    ['a bare 200', 200, JSON_TYPE, '', 'none'],
    ['other JSON', 200, JSON_TYPE, '{"result":{},"error":{"code":1}}', 'none'],
    ['JSON-RPC 1.0', 200, JSON_TYPE, '{"jsonrpc":"1.0","result":{}}', 'none'],
    ['an error that is no JSON-RPC error', 500, JSON_TYPE, '{"jsonrpc":"2.0","error":"oops"}', 'none'],
    ['a request', 200, JSON_TYPE, NOTE, 'none'],
    ['a scalar', 200, JSON_TYPE, '"result"', 'none'],
    ['null', 200, JSON_TYPE, 'null', 'none'],
    ['half a result', 200, JSON_TYPE, RESULT.slice(0, -1), 'none'],
    ['an event', 200, EVENTS, `event: message\ndata: ${RESULT}\n\n`, 'result'],
    ['an event that is not complete yet', 200, EVENTS, `data: ${RESULT}`, 'result'],
    ['an event with an error', 200, EVENTS, `data:${ERROR}\r\n\r\n`, 'error'],
    [
      'a priming event, a comment and a note before',
      200,
      EVENTS,
      `id: 1\ndata: \n\n: hi\n\ndata: ${NOTE}\n\ndata: ${RESULT}\n\n`,
      'result',
    ],
    [
      'an event in several lines',
      200,
      EVENTS,
      `data: {"jsonrpc":"2.0",\rdata: "id":1,\rdata: "result":{}}\r\r`,
      'result',
    ],
    ['two halves in two events', 200, EVENTS, 'data: {"jsonrpc":"2.0",\n\ndata: "result":{}}\n\n', 'none'],
    ['half an event', 200, EVENTS, `data: ${RESULT.slice(0, 20)}`, 'none'],
    ['a stream that begins', 200, EVENTS, ': hello\n\n', 'none'],
    ['a result outside of data', 200, EVENTS, `x: ${RESULT}\n\n`, 'none'],
  ]
  for (const [what, status, type, text, says] of cases) {
    it(`${what} says ${says}`, () => assert.equal(probeAnswer(status, type, text), says))
  }

  it('never throws, whatever an upstream sends', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom(JSON_TYPE, EVENTS, ''),
        fc.constantFrom(200, 401, 500),
        (text, type, status) => {
          const prefixed = type === EVENTS ? `data:${text}` : text
          assert.ok(['none', 'refused'].includes(probeAnswer(status, type, prefixed)))
        },
      ),
    )
    fc.assert(fc.property(fc.json(), (text) => assert.equal(probeAnswer(200, JSON_TYPE, text), 'none')))
  })
})
