/** Ids that JavaScript's numbers cannot hold come back as they were sent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GatewayError } from '../../src/errors.ts'
import { errorBody } from '../../src/listener/answer.ts'
import { requestId } from '../../src/mcp/request-id.ts'

/** The id in the text of an error answer, as it is written there. */
function answered(id: string): string | undefined {
  const body = Buffer.from(`{"params":{"id":1,"x":[{"id":2}]},"id": ${id} ,"method":"m"}`)
  const text = errorBody(new GatewayError('internal'), requestId(body))
  return /^\{"jsonrpc":"2\.0","id":(.*),"error":\{/.exec(text)?.[1]
}

for (const id of ['9007199254740993', '-9007199254740993', '123456789012345678901234567890', '1.5', '1e400', '0.1']) {
  test(`${id} comes back as ${id}`, () => assert.equal(answered(id), id))
}

test('whatever integer or text a request has as its id comes back', () => {
  fc.assert(fc.property(fc.bigInt(), (id) => assert.equal(answered(String(id)), String(id))))
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (id) =>
      assert.equal(JSON.parse(answered(JSON.stringify(id)) ?? ''), id),
    ),
  )
})

test('bytes that are no JSON give no id, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const id = requestId(Buffer.concat([Buffer.from('{"id":1,'), bytes]))
      assert.ok(id === null || id === 1)
    }),
  )
})
