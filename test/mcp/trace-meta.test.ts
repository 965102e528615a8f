/** A trace context is written into messages, against `JSON.parse`; every byte around it stays. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Rewritten, type WrittenContext, writeTraceMeta } from '../../src/mcp/trace-meta.ts'
import { document, message } from './envelope-documents.ts'

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const CONTEXT: WrittenContext = { traceparent: PARENT, tracestate: 'a=1' }
const PLAIN: WrittenContext = { traceparent: PARENT, tracestate: '' }

const written = (text: string, context = PLAIN): string | undefined => {
  const result = writeTraceMeta(Buffer.from(text), context)
  return typeof result === 'string' || result.written === 0 ? undefined : result.body.toString()
}

function rewritten(body: Buffer, context = PLAIN): Rewritten {
  const result = writeTraceMeta(body, context)
  if (typeof result === 'string') assert.fail(result)
  return result
}

describe('a message', () => {
  const told = `"traceparent":"${PARENT}"`
  const cases: readonly [what: string, before: string, after: string | undefined, context?: WrittenContext][] = [
    [
      'keeps its spaces, the order of its keys and numbers that no double holds',
      '{ "id" : 9007199254740993123 ,"method":"a", "params" : {"_meta" : { "progressToken" : 1.10e2 } , "x":-0.0 } }',
      `{ "id" : 9007199254740993123 ,"method":"a", "params" : {"_meta" : { "progressToken" : 1.10e2,${told} } , "x":-0.0 } }`,
    ],
    ['without params gets them', '{"method":"ping","id":1}', `{"method":"ping","id":1,"params":{"_meta":{${told}}}}`],
    ['with empty params gets _meta', '{"method":"a","params":{ }}', `{"method":"a","params":{"_meta":{${told}} }}`],
    [
      'that tells another context tells this one',
      '{"method":"a","params":{"_meta":{"traceparent":"00-1","tracestate":"b=2"}}}',
      `{"method":"a","params":{"_meta":{${told},"tracestate":"a=1"}}}`,
      CONTEXT,
    ],
    [
      'loses a state that belongs to no context, wherever it stands',
      '[{"method":"a","params":{"_meta":{"tracestate":"b=2"}}},{"method":"a","params":{"_meta":{"tracestate":"b", "traceparent":"c"}}},{"method":"a","params":{"_meta":{"traceparent":"c" , "tracestate":"b","z":1}}}]',
      `[{"method":"a","params":{"_meta":{${told}}}},{"method":"a","params":{"_meta":{${told}}}},{"method":"a","params":{"_meta":{${told},"z":1}}}]`,
    ],
    [
      'whose keys are written with escapes',
      '{"m\\u0065thod":"a","p\\u0061rams":{"_m\\u0065ta":{"trac\\u0065parent":"x"}}}',
      `{"m\\u0065thod":"a","p\\u0061rams":{"_m\\u0065ta":{"trac\\u0065parent":"${PARENT}"}}}`,
    ],
    [
      'with a state that JSON has to quote',
      '{"method":"a"}',
      `{"method":"a","params":{"_meta":{${told},"tracestate":"a=\\"\\\\"}}}`,
      { traceparent: PARENT, tracestate: 'a="\\' },
    ],
    ['behind a byte order mark', '\ufeff {"method":"a"} ', `\ufeff {"method":"a","params":{"_meta":{${told}}}} `],
    ['that is a response is left alone', '{"id":1,"result":{"_meta":{}}}', undefined],
    ['with params by position is left alone', '{"method":"a","params":[{}]}', undefined],
    ['with a _meta that is no object is left alone', '{"method":"a","params":{"_meta":null}}', undefined],
    ['with params twice is left alone', '{"method":"a","params":{},"params":{}}', undefined],
    ['with _meta twice is left alone', '{"method":"a","params":{"_meta":{},"_meta":{}}}', undefined],
    [
      'with a context twice is left alone',
      '{"method":"a","params":{"_meta":{"tracestate":"","tracestate":""}}}',
      undefined,
    ],
    [
      'in a batch is written, whatever stands beside it',
      '[1,{"method":"a"},[],{"id":1}]',
      `[1,{"method":"a","params":{"_meta":{${told}}}},[],{"id":1}]`,
    ],
  ]
  for (const [what, before, after, context] of cases) test(what, () => assert.equal(written(before, context), after))
})

for (const text of ['', ' ', 'null', '1', '"x"', '{', '{"a":1}}', '[1,]', '{"method":"\u0001"}', '{"a":1e}', '\ufeff'])
  test(`a body ${JSON.stringify(text)} is not touched`, () =>
    assert.equal(writeTraceMeta(Buffer.from(text), PLAIN), 'unreadable'))

test('bytes that are no UTF-8 stay', () => {
  const odd = Buffer.concat([Buffer.from('{"method":"'), Buffer.from([0xff, 0xc0]), Buffer.from('"}')])
  const { body } = rewritten(odd)
  assert.ok(body.subarray(0, 13).equals(odd.subarray(0, 13)))
})

/** Everything that JSON says, with the source of each number: a double cannot hold them all. */
function read(text: string): unknown {
  const reviver = (_key: string, value: unknown, { source }: { source?: string } = {}) =>
    typeof value === 'number' ? `number ${source}` : value
  return JSON.parse(text.replace(/^\ufeff/, ''), reviver as (key: string, value: unknown) => unknown)
}

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What the message should say, by plain JavaScript. */
function expected(value: unknown, { traceparent, tracestate }: WrittenContext): unknown {
  if (!isObject(value) || value.method === undefined) return value
  const params = value.params === undefined ? {} : value.params
  if (!isObject(params)) return value
  const meta = params._meta === undefined ? {} : params._meta
  if (!isObject(meta)) return value
  const { tracestate: _, ...rest } = meta
  const told = tracestate === '' ? { ...rest, traceparent } : { ...meta, traceparent, tracestate }
  return { ...value, params: { ...params, _meta: told } }
}

/** Mostly requests, for the generator of messages writes everything. */
const request = message.map((text) => {
  const { method } = JSON.parse(text) as Json
  return method === undefined ? text.replace(/^\{\s*(\})?/, (_, end) => `{"method":"a"${end ?? ','}`) : text
})
const batch = fc.array(request, { maxLength: 3 }).map((all) => `[${all.join()}]`)

for (const context of [PLAIN, CONTEXT])
  test(`says what JavaScript would make of it, and nothing else is another, with tracestate "${context.tracestate}"`, () => {
    let told = 0
    fc.assert(
      fc.property(fc.oneof(request, batch, document), (text) => {
        const before = read(text)
        const result = writeTraceMeta(Buffer.from(text), context)
        if (typeof result === 'string') {
          assert.ok(typeof before !== 'object' || before === null)
          return
        }
        told += result.written
        const after = read(result.body.toString())
        const hoped = Array.isArray(before) ? before.map((each) => expected(each, context)) : expected(before, context)
        assert.deepEqual(after, hoped)
        // The order too, where nothing is taken away.
        if (context === CONTEXT) assert.equal(JSON.stringify(after), JSON.stringify(hoped))
        if (result.written === 0) assert.equal(result.body.toString(), text)
      }),
      { numRuns: 500 },
    )
    assert.ok(told > 100, String(told))
  })

test('written twice, it says the second', () => {
  fc.assert(
    fc.property(message, (text) => {
      const once = rewritten(Buffer.from(text), CONTEXT)
      const back = rewritten(once.body, { ...CONTEXT, traceparent: 'x' })
      assert.equal(back.written, once.written)
      const direct = rewritten(Buffer.from(text), { ...CONTEXT, traceparent: 'x' })
      assert.equal(back.body.toString(), direct.body.toString())
    }),
    { numRuns: 300 },
  )
})

test('no more is added than is allowed, however many messages a batch has', () => {
  const batch = Buffer.from(`[${Array(1000).fill('{"method":""}').join()}]`)
  const large: WrittenContext = { traceparent: PARENT, tracestate: `a=${'x'.repeat(250)}` }
  const { body, written } = rewritten(batch, large)
  assert.equal(written, 1000)
  const added = body.length - batch.length
  assert.equal(writeTraceMeta(batch, large, added - 1), 'too_large')
  assert.notEqual(writeTraceMeta(batch, large, added), 'too_large')
})
