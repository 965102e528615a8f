/** Spans as bytes: whatever they say, what the SDK's serializer would say of them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Attributes } from '@opentelemetry/api'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { SpanWriter } from '../../../src/telemetry/tracing/span-writer.ts'
import { readMessage } from './protobuf.ts'

/** Fields that are messages, by the numbers on the way to them from `ExportTraceServiceRequest`. */
const ATTRIBUTE = ['', '.2', '.2.5', '.2.5.1']
const MESSAGES = new Set([
  ...['1', '1.1', '1.2', '1.2.1', '1.2.2', '1.2.2.11', '1.2.2.13', '1.2.2.15'],
  ...['1.1.1', '1.2.2.9', '1.2.2.11.3'].flatMap((path) => ATTRIBUTE.map((rest) => path + rest)),
])

type Plain = { [field: string]: (string | Plain)[] }

/** As text all the way down; a number that is zero is as good as left out, except in the value of an attribute. */
function plain(bytes: Uint8Array, path = ''): Plain {
  const out: Plain = {}
  for (const [field, values] of readMessage(Buffer.from(bytes))) {
    const here = path === '' ? `${field}` : `${path}.${field}`
    const told = values.map((value) =>
      !Buffer.isBuffer(value) ? String(value) : MESSAGES.has(here) ? plain(value, here) : value.toString('latin1'),
    )
    if (
      told.every((one) => one === '0' || one === '') &&
      !ATTRIBUTE.some((rest) => rest !== '' && path.endsWith(`9${rest}`))
    )
      continue
    out[field] = told
  }
  return out
}

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''))
const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.constantFrom('x'.repeat(63), 'x'.repeat(64), 'x'.repeat(127), 'é'.repeat(64), 'x'.repeat(20_000), ''),
)
const name = fc.string({ minLength: 1, maxLength: 12 }).filter((key) => !(key in {}))
const scalar = fc.oneof(text, fc.boolean(), fc.nat(), fc.constantFrom(2 ** 31, 2 ** 53 - 1, 0.5, 1e300))
const attributes = fc.dictionary(
  fc.oneof(name, fc.constantFrom('k'.repeat(127), 'k'.repeat(300))),
  fc.oneof({ weight: 6, arbitrary: scalar }, { weight: 1, arbitrary: fc.array(fc.string(), { maxLength: 4 }) }),
  { maxKeys: 12, noNullPrototype: true },
) as fc.Arbitrary<Attributes>
const time = fc.tuple(fc.nat(4_000_000_000), fc.nat(999_999_999)) as fc.Arbitrary<[number, number]>
const context = fc.record({ traceId: hex(32), spanId: hex(16), traceFlags: fc.nat(255) })
const state = fc.option(fc.constantFrom('a=b', 'vendor=1,other=2'), { nil: undefined })

const span = fc
  .record({
    context,
    parent: fc.option(context, { nil: undefined }),
    isRemote: fc.boolean(),
    state,
    name: text,
    kind: fc.nat(4),
    startTime: time,
    endTime: time,
  })
  .chain((one) =>
    fc
      .record({
        attributes,
        status: fc.constantFrom({ code: 0 }, { code: 2 }, { code: 2, message: 'The upstream timed out' }),
        events: fc.array(fc.record({ name: text, time, attributes }), { maxLength: 3 }),
        links: fc.array(fc.record({ context }), { maxLength: 2 }),
      })
      .map((rest) => {
        const traceState = one.state === undefined ? {} : { traceState: { serialize: () => one.state } }
        return {
          ...rest,
          name: one.name,
          kind: one.kind,
          spanContext: () => ({ ...one.context, ...traceState }),
          ...(one.parent && { parentSpanContext: { ...one.parent, isRemote: one.isRemote } }),
          startTime: one.startTime,
          endTime: one.endTime,
          duration: [0, 0],
          ended: true,
          resource: resourceFromAttributes({ 'service.name': 'sidelight', long: 'é'.repeat(90) }),
          instrumentationScope: { name: 'sidelight', version: '1.2.3' },
          droppedAttributesCount: 0,
          droppedEventsCount: 0,
          droppedLinksCount: 0,
        } as unknown as ReadableSpan
      }),
  )

describe('spans as bytes', () => {
  const writer = new SpanWriter()

  it('say what the SDK would say', () => {
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 5 }), (spans) => {
        // Of one resource, as the factory makes them: the SDK compares by identity.
        const [{ resource, instrumentationScope }] = spans as [ReadableSpan]
        const batch = spans.map((each) => ({ ...each, resource, instrumentationScope }))
        const sdk = ProtobufTraceSerializer.serializeRequest(batch) as Uint8Array
        assert.deepEqual(plain(writer.write(batch)), plain(sdk))
      }),
      { numRuns: 300 },
    )
  })

  it('are the caller’s own: the next ones leave them alone', () => {
    const [one, two] = fc.sample(span, { numRuns: 2, seed: 1 }) as [ReadableSpan, ReadableSpan]
    const first = writer.write([one])
    const before = Buffer.from(first)
    writer.write([two])
    assert.deepEqual(Buffer.from(first), before)
  })

  it('of nothing are nothing', () => assert.equal(writer.write([]).length, 0))
})
