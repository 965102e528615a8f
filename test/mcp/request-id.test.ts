/** The id that an error answer carries: that of the request, and of nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestId } from '../../src/mcp/request-id.ts'

const idOf = (text: string) => requestId(Buffer.from(text))

test('a request gives its id, a string or a number', () => {
  assert.equal(idOf('{"jsonrpc":"2.0","id":7,"method":"ping"}'), 7)
  assert.equal(idOf('{"method":"ping","id":"a\\u0062"}'), 'ab')
})

test('what has no one id gives none', () => {
  const bodies = ['', '[]', 'null', '{', '"id"', '{"method":"notifications/x"}', '{"method":"x","id":null}']
  for (const body of [...bodies, '{"method":"x","id":{}}', '[{"id":1,"method":"a"},{"id":2,"method":"b"}]']) {
    assert.equal(idOf(body), null, body)
  }
})

test('a response of a downstream gives none, because its id is that of a request of the upstream', () => {
  assert.equal(idOf('{"jsonrpc":"2.0","id":7,"result":{}}'), null)
  assert.equal(idOf('{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"no"}}'), null)
})
