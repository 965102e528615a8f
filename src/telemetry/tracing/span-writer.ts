/** Writes spans as the protobuf of OTLP: 1.5 µs for the two of an exchange, where the SDK's serializer takes 8.5. */
import type { Attributes, AttributeValue, HrTime, SpanContext } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { fieldOf, ProtoBytes } from './proto-bytes.ts'

const HAS_IS_REMOTE = 0x100
const IS_REMOTE = 0x200

/** The numbers of fields are those of opentelemetry/proto/trace/v1/trace.proto. */
export class SpanWriter {
  readonly #out = new ProtoBytes()
  /** The keys of attributes are those of attributes.ts and of the resource: few. */
  readonly #keys = new Map<string, Uint8Array>()

  /** An `ExportTraceServiceRequest`; all spans are of the first one's resource and scope. */
  write(spans: readonly ReadableSpan[]): Uint8Array {
    const out = this.#out
    out.clear()
    const [first] = spans
    if (first === undefined) return new Uint8Array()
    const resourceSpans = out.open(1)
    const resource = out.open(1)
    this.#attributes(1, first.resource.attributes)
    out.close(resource)
    const scopeSpans = out.open(2)
    const scope = out.open(1)
    out.text(1, first.instrumentationScope.name)
    out.text(2, first.instrumentationScope.version ?? '')
    out.close(scope)
    for (const span of spans) this.#span(span)
    out.close(scopeSpans)
    out.close(resourceSpans)
    // A copy: the transport may try again later.
    const bytes = out.copy()
    out.clear()
    return bytes
  }

  #span(span: ReadableSpan): void {
    const out = this.#out
    const context = span.spanContext()
    const parent = span.parentSpanContext
    const start = out.open(2)
    out.hex(1, context.traceId)
    out.hex(2, context.spanId)
    out.text(3, context.traceState?.serialize() ?? '')
    if (parent !== undefined) out.hex(4, parent.spanId)
    out.text(5, span.name)
    out.number(6, span.kind + 1)
    this.#time(7, span.startTime)
    this.#time(8, span.endTime)
    this.#attributes(9, span.attributes)
    for (const { name, time, attributes } of span.events) {
      const event = out.open(11)
      this.#time(1, time)
      out.text(2, name)
      if (attributes !== undefined) this.#attributes(3, attributes)
      out.close(event)
    }
    for (const { context: linked } of span.links) {
      const link = out.open(13)
      out.hex(1, linked.traceId)
      out.hex(2, linked.spanId)
      out.text(3, linked.traceState?.serialize() ?? '')
      this.#flags(6, linked.traceFlags, linked)
      out.close(link)
    }
    const status = out.openShort(15)
    out.text(2, span.status.message ?? '')
    out.number(3, span.status.code)
    out.closeShort(status)
    this.#flags(16, context.traceFlags, parent)
    out.close(start)
  }

  #attributes(field: number, attributes: Attributes): void {
    const out = this.#out
    for (const key in attributes) {
      const value = attributes[key]
      if (value === undefined) continue
      const pair = out.openShort(field)
      out.raw(this.#keyOf(key))
      const any = out.openShort(2)
      this.#value(value)
      out.closeShort(any)
      out.closeShort(pair)
    }
  }

  #value(value: AttributeValue): void {
    const out = this.#out
    if (typeof value === 'string') out.text(1, value, true)
    else if (typeof value === 'boolean') out.number(2, value ? 1 : 0)
    else if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) out.number(3, value)
    else if (typeof value === 'number') out.double(4, value)
    else {
      const list = out.openShort(5)
      for (const item of value as AttributeValue[]) {
        const any = out.openShort(1)
        this.#value(item)
        out.closeShort(any)
      }
      out.closeShort(list)
    }
  }

  #time(field: number, [seconds, nanoseconds]: HrTime): void {
    // Products of 16 bits and 1e9 stay within what a double holds.
    const high = Math.floor(seconds / 65536) * 1e9
    const low = (high % 65536) * 65536 + (seconds % 65536) * 1e9 + nanoseconds
    this.#out.fixed64(field, low % 2 ** 32, Math.floor(high / 65536) + Math.floor(low / 2 ** 32))
  }

  /** Whether the other side is remote is told of a span's parent and of a link. */
  #flags(field: number, traceFlags: number, other: SpanContext | undefined): void {
    const remote = other?.isRemote === true ? IS_REMOTE : 0
    this.#out.fixed32(field, (traceFlags & 0xff) | HAS_IS_REMOTE | remote)
  }

  /** The field `key` of an attribute. */
  #keyOf(key: string): Uint8Array {
    const known = this.#keys.get(key)
    if (known !== undefined) return known
    const field = fieldOf(1, key)
    this.#keys.set(key, field)
    return field
  }
}
