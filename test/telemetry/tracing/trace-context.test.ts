/** Which trace an exchange belongs to, by what its message and its headers say. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Envelope } from '../../../src/mcp/message.ts'
import {
  flagsOf,
  formatTraceparent,
  isTracestate,
  originOf,
  parseTraceparent,
  SAMPLED,
} from '../../../src/telemetry/tracing/trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const OTHER = '0af7651916cd43dd8448eb211c80319c'
const PARENT = `00-${TRACE}-${SPAN}-01`

function message(traceparent: string | undefined, tracestate?: string): Envelope {
  const envelope = new Envelope()
  envelope.traceparent = traceparent
  envelope.tracestate = tracestate
  return envelope
}

describe('a traceparent', () => {
  it('is read, and written as it was read', () => {
    const context = parseTraceparent(PARENT, 'a=1')
    assert.deepEqual(context, { traceId: TRACE, spanId: SPAN, flags: 1, tracestate: 'a=1' })
    assert.equal(formatTraceparent(TRACE, SPAN, 1), PARENT)
  })

  it('of a later version counts, with whatever follows', () => {
    for (const text of [`cc-${TRACE}-${SPAN}-01`, `01-${TRACE}-${SPAN}-01-what-comes`])
      assert.equal(parseTraceparent(text, undefined)?.spanId, SPAN, text)
  })

  for (const [why, text] of [
    ['empty', ''],
    ['short', PARENT.slice(0, -1)],
    ['long', `${PARENT}-00`],
    ['of version ff', `ff-${TRACE}-${SPAN}-01`],
    ['of a later version that runs on', `01-${TRACE}-${SPAN}-01x`],
    ['in upper case', PARENT.toUpperCase()],
    ['with a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['with a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['with other separators', PARENT.replaceAll('-', '_')],
    ['with other digits', PARENT.replace('f', 'g')],
    ['sent twice', `${PARENT}, ${PARENT}`],
  ] as const)
    it(`that is ${why} counts for nothing`, () => assert.equal(parseTraceparent(text, 'a=1'), undefined))

  it('passes on the random flag and no other, and says itself whether it is sampled', () => {
    const context = parseTraceparent(`00-${TRACE}-${SPAN}-fe`, undefined)
    assert.equal(flagsOf(context, false), 2)
    assert.equal(flagsOf(context, true), 3)
    assert.equal(flagsOf(undefined, true), SAMPLED)
  })

  it('survives any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        assert.doesNotThrow(() => parseTraceparent(text, text))
      }),
    )
  })
})

describe('a tracestate', () => {
  for (const text of ['', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', 'a=1 , b@c=2\t', 'a=1,,b=2'])
    it(`passes: ${JSON.stringify(text)}`, () => assert.ok(isTracestate(text)))

  for (const text of ['a', '=1', 'A=1', 'a=1\r\nx: y', 'a=ü', 'a=b=c', Array(34).fill('a=1').join(',')])
    it(`is dropped: ${JSON.stringify(text).slice(0, 40)}`, () => {
      assert.ok(!isTracestate(text))
      assert.equal(parseTraceparent(PARENT, text)?.tracestate, '')
    })
})

describe('an exchange', () => {
  it('begins a trace when nothing says one', () => {
    assert.deepEqual(originOf([message(undefined)], {}), { parent: undefined, links: [] })
    assert.equal(originOf([message('nonsense')], { traceparent: 'nonsense' }).parent, undefined)
  })

  it('belongs to the trace of its headers', () => {
    const { parent, links } = originOf([], { traceparent: PARENT, tracestate: 'a=1' })
    assert.deepEqual([parent?.traceId, parent?.tracestate, links], [TRACE, 'a=1', []])
  })

  it('belongs to the trace of its message first, and is linked to that of its headers', () => {
    const headers = { traceparent: PARENT, tracestate: 'a=1' }
    const { parent, links } = originOf([message(`00-${OTHER}-${SPAN}-00`, 'b=2')], headers)
    assert.deepEqual([parent?.traceId, parent?.tracestate], [OTHER, 'b=2'])
    assert.deepEqual(links, [{ traceId: TRACE, spanId: SPAN, flags: 1, tracestate: 'a=1' }])
  })

  it('is not linked to its own parent', () => {
    assert.deepEqual(originOf([message(PARENT)], { traceparent: PARENT }).links, [])
  })

  it('with a batch belongs to its headers, and is linked to its messages, but not to all of a thousand', () => {
    const batch = Array.from({ length: 1000 }, () => message(`00-${OTHER}-${SPAN}-01`))
    const { parent, links } = originOf(batch, { traceparent: PARENT })
    assert.equal(parent?.traceId, TRACE)
    assert.equal(links.length, 16)
  })
})
