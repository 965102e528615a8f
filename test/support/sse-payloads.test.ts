/** Proves that generated event streams hold the events they claim, by a reader written straight from the specification. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random, seeded } from './random.ts'
import { type SseEvent, sseStream } from './sse-payloads.ts'

/** https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation, on a whole text. */
function readWhole(bytes: Buffer): { events: SseEvent[]; retries: number[] } {
  const events: SseEvent[] = []
  const retries: number[] = []
  let data = ''
  let type = ''
  let lastEventId = ''
  // TextDecoder drops one BOM, as the specification asks; what follows the last line end is no line.
  const lines = new TextDecoder()
    .decode(bytes)
    .split(/\r\n|\r|\n/)
    .slice(0, -1)
  for (const line of lines) {
    if (line === '') {
      if (data !== '') events.push({ type: type || 'message', data: data.slice(0, -1), lastEventId })
      data = ''
      type = ''
      continue
    }
    const [, field, value] = /^([^:]*)(?:: ?(.*))?$/su.exec(line) ?? []
    if (field === 'data') data += `${value ?? ''}\n`
    else if (field === 'event') type = value ?? ''
    else if (field === 'id' && !value?.includes('\u0000')) lastEventId = value ?? ''
    else if (field === 'retry' && /^[0-9]+$/.test(value ?? '')) retries.push(Number(value))
  }
  return { events, retries }
}

test('a reader finds exactly the events and retries that were claimed', () =>
  seeded((random) => {
    let events = 0
    for (let round = 0; round < 1000; round++) {
      const stream = sseStream(random)
      assert.deepEqual(readWhole(stream.bytes), { events: stream.events, retries: stream.retries })
      events += stream.events.length
    }
    assert.ok(events > 1000)
  }))

test('streams come with every line end, mixes of them, BOM, comments, multi-line and empty data', () => {
  const texts = Array.from({ length: 200 }, (_, seed) => sseStream(new Random(seed)))
  const shown = (pattern: RegExp) => texts.some(({ bytes }) => pattern.test(bytes.toString()))
  assert.ok(shown(/^[^\r]+$/s), 'LF only')
  assert.ok(shown(/^[^\n]+$/s), 'CR only')
  assert.ok(shown(/^(?:[^\r\n]*\r\n)+$/s), 'CRLF only')
  assert.ok(shown(/\r\n.*[^\r]\n.*\r[^\n]/s), 'a mix')
  assert.ok(shown(/^\ufeff/), 'BOM')
  assert.ok(shown(/^:/m), 'comment')
  assert.ok(
    texts.some(({ events }) => events.some(({ data }) => data.includes('\n'))),
    'multi-line data',
  )
  assert.ok(
    texts.some(({ events }) => events.some(({ data }) => data === '')),
    'empty data',
  )
})
