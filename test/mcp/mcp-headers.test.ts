/** Agreement of headers and body, rule by rule, as the specification's Server Validation and SEP-2243 list the cases. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { headerMismatch, type Mirrored, type RequestHeaders } from '../../src/mcp/mcp-headers.ts'

const MODERN = '2026-07-28'
const call: Mirrored = { kind: 'request', method: 'tools/call', name: 'foo', uri: undefined, metaVersion: MODERN }
const good = { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': 'foo' }
const said = (headers: RequestHeaders, message: Partial<Mirrored> = {}, batch = false) =>
  headerMismatch({ ...good, ...headers }, { ...call, ...message }, batch)
const encoded = (text: string | Uint8Array) => `=?base64?${Buffer.from(text as string).toString('base64')}?=`

describe('headers that agree', () => {
  it('pass for each method that names something, and for those that do not', () => {
    assert.equal(said({}), undefined)
    assert.equal(said({ 'mcp-method': 'prompts/get' }, { method: 'prompts/get' }), undefined)
    const uri = 'file:///path/to/file%20name.txt?id=1'
    const read = { method: 'resources/read', name: undefined, uri }
    assert.equal(said({ 'mcp-method': 'resources/read', 'mcp-name': uri }, read), undefined)
    assert.equal(said({ 'mcp-method': 'tools/list', 'mcp-name': undefined }, { method: 'tools/list' }), undefined)
  })

  it('pass in the Base64 form, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        assert.equal(said({ 'mcp-name': encoded(name) }, { name }), undefined)
      }),
    )
  })

  it('pass with a Mcp-Name that mirrors nothing: of other methods, of tasks, and where the body has no name', () => {
    for (const method of ['tools/list', 'tasks/get', 'resources/subscribe', 'x/y']) {
      assert.equal(said({ 'mcp-method': method, 'mcp-name': 'bar' }, { method }), undefined)
    }
    assert.equal(said({ 'mcp-name': 'bar' }, { name: undefined }), undefined)
    assert.equal(said({ 'mcp-name': undefined }, { name: undefined }), undefined)
  })

  it('may be all a message says about its revision: what lacks in its _meta is for the server to say', () => {
    assert.equal(said({}, { metaVersion: undefined }), undefined)
  })
})

describe('a 2026-07-28 request', () => {
  const wrong: [string, RequestHeaders, Partial<Mirrored>, string][] = [
    ['no version header', { 'mcp-protocol-version': undefined }, {}, 'MCP-Protocol-Version is missing'],
    ['no method header', { 'mcp-method': undefined }, {}, 'Mcp-Method is missing'],
    ['no method header nor _meta', { 'mcp-method': undefined }, { metaVersion: undefined }, 'Mcp-Method is missing'],
    ['no name header', { 'mcp-name': undefined }, {}, 'Mcp-Name is missing'],
    ['an older version in its header', { 'mcp-protocol-version': '2025-11-25' }, {}, 'MCP-Protocol-Version does not'],
    ['an older version in its body', {}, { metaVersion: '2025-11-25' }, 'MCP-Protocol-Version does not'],
    ['an unknown version in its body', {}, { metaVersion: '2027-01-01' }, 'MCP-Protocol-Version does not'],
    ['two version headers', { 'mcp-protocol-version': `${MODERN}, ${MODERN}` }, {}, 'MCP-Protocol-Version does not'],
    ['another method', { 'mcp-method': 'prompts/get' }, {}, 'Mcp-Method does not'],
    ['its method in other case', { 'mcp-method': 'TOOLS/CALL' }, {}, 'Mcp-Method does not'],
    ['an empty method header', { 'mcp-method': '' }, {}, 'Mcp-Method does not'],
    ['another name', { 'mcp-name': 'bar' }, {}, 'Mcp-Name does not'],
    ['its name in other case', { 'mcp-name': 'Foo' }, {}, 'Mcp-Name does not'],
    ['another name, encoded', { 'mcp-name': encoded('bar') }, {}, 'Mcp-Name does not'],
    ['markers in other case', { 'mcp-name': encoded('foo').replace('base64', 'BASE64') }, {}, 'Mcp-Name does not'],
    ['no end marker', { 'mcp-name': encoded('foo').slice(0, -2) }, {}, 'Mcp-Name does not'],
    ['bad padding', { 'mcp-name': '=?base64?Zm9vYg?=' }, { name: 'foob' }, 'Mcp-Name is not valid'],
    ['no Base64', { 'mcp-name': '=?base64?Zm9!!v?=' }, {}, 'Mcp-Name is not valid'],
    ['Base64 of what is no UTF-8', { 'mcp-name': encoded(new Uint8Array([0xff])) }, {}, 'Mcp-Name is not valid'],
    ['Base64 of no UTF-8, and no name', { 'mcp-name': '=?base64?/w==?=' }, { name: undefined }, 'Mcp-Name is not'],
    ['a name that is bare bytes', { 'mcp-name': 'caf\xe9' }, { name: 'caf\xe9' }, 'Mcp-Name contains'],
    ['a method that is bare bytes', { 'mcp-method': 'caf\xe9' }, { method: 'caf\xe9' }, 'Mcp-Method contains'],
    ['a name like an encoded one, sent plain', { 'mcp-name': encoded('x') }, { name: encoded('x') }, 'Mcp-Name does'],
  ]
  for (const [what, headers, message, sentence] of wrong) {
    it(`is refused with ${what}`, () => {
      const answer = said(headers, message)
      assert.ok(answer?.startsWith(sentence), `said: ${answer}`)
    })
  }

  it('is refused in a batch, whichever side says the revision', () => {
    assert.match(said({}, {}, true) ?? '', /batches/)
    assert.match(said({}, { metaVersion: undefined }, true) ?? '', /batches/)
    assert.match(said({ 'mcp-protocol-version': undefined }, {}, true) ?? '', /batches/)
  })

  it('never has a value of its own in the answer', () => {
    const secret = 's3cret'
    for (const headers of [{ 'mcp-method': secret }, { 'mcp-name': secret }, { 'mcp-protocol-version': secret }]) {
      const answer = said(headers)
      assert.ok(answer !== undefined && !answer.includes(secret))
    }
  })
})

describe('a notification', () => {
  const cancelled = { kind: 'notification', method: 'notifications/cancelled', name: undefined }

  it('needs no headers', () => {
    const bare = { 'mcp-method': undefined, 'mcp-name': undefined }
    assert.equal(said(bare, cancelled), undefined)
    assert.equal(said({ ...bare, 'mcp-protocol-version': undefined }, cancelled), undefined)
  })

  it('has no name to mirror, not even under the method of a request', () => {
    assert.equal(said({ 'mcp-name': 'bar' }, { kind: 'notification' }), undefined)
  })

  it('is refused when headers contradict it', () => {
    assert.match(said({}, cancelled) ?? '', /^Mcp-Method/)
    assert.match(said({ 'mcp-protocol-version': '2025-11-25' }, cancelled) ?? '', /^MCP-Protocol-Version/)
  })
})

describe('the handshake of older revisions', () => {
  const initialize = { method: 'initialize', name: undefined, metaVersion: undefined }

  it('passes under a modern version header, which is the server\u2019s to judge', () => {
    assert.equal(said({ 'mcp-method': undefined, 'mcp-name': undefined }, initialize), undefined)
  })

  it('is refused under the name of another method', () => {
    assert.match(said({ 'mcp-method': 'tools/list' }, initialize) ?? '', /^Mcp-Method/)
  })
})

describe('messages of other revisions', () => {
  it('pass whatever their headers mirror', () => {
    const contradicting = { 'mcp-method': 'x', 'mcp-name': 'y' }
    for (const version of [undefined, '2025-11-25', '2025-03-26', '2027-01-01', 'nonsense']) {
      for (const metaVersion of [undefined, version]) {
        for (const batch of [false, true]) {
          assert.equal(said({ ...contradicting, 'mcp-protocol-version': version }, { metaVersion }, batch), undefined)
        }
      }
    }
  })

  it('pass when they are responses or no messages at all', () => {
    for (const kind of ['response', 'error', 'invalid']) {
      assert.equal(said({ 'mcp-method': 'x' }, { kind, method: undefined, metaVersion: undefined }), undefined)
    }
  })
})
