/** Messages out of JSON bodies and event streams, cut anywhere: told when the downstream can act on them, and not before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BodyReader, Readers } from '../../src/inspection/readers.ts'
import { event, result } from './stage.ts'

function collect() {
  const told: string[] = []
  const sink = {
    message: ({ id }: { readonly id?: unknown }) => void told.push(String(id)),
    invalid: () => void told.push('invalid'),
    event: () => void told.push('event'),
  }
  return { told, sink }
}

function cutEverywhere(bytes: string, read: (reader: BodyReader) => boolean, kind: 'json' | 'events'): string[][] {
  const readers = new Readers()
  const whole = Buffer.from(bytes)
  return Array.from({ length: whole.length + 1 }, (_, at) => {
    const { told, sink } = collect()
    const reader = readers[kind](sink)
    reader.push(whole.subarray(0, at))
    reader.push(whole.subarray(at))
    told.push(String(read(reader)))
    return told
  })
}

test('a JSON message is told when its body is whole', () => {
  const { told, sink } = collect()
  const reader = new Readers().json(sink)
  reader.push(Buffer.from(result(1)))
  assert.deepEqual(told, [])
  assert.ok(reader.end(true))
  assert.deepEqual(told, ['1'])
})

test('a JSON body tells nothing when it was not delivered, cut short, or followed by more', () => {
  const readers = new Readers()
  for (const [body, delivered] of [
    [result(1), false],
    [result(1).slice(0, -1), true],
    [`${result(1)}{}`, true],
  ] as const) {
    const { told, sink } = collect()
    const reader = readers.json(sink)
    reader.push(Buffer.from(body))
    reader.end(delivered)
    assert.deepEqual(told, [])
  }
})

test('a body may be cut anywhere', () => {
  const end = (reader: BodyReader) => reader.end(true)
  for (const told of cutEverywhere(`[${result(1)},${result('é')}]`, end, 'json'))
    assert.deepEqual(told, ['1', 'é', 'true'])
  for (const told of cutEverywhere(event(result(1), '7') + event(result('é')), end, 'events'))
    assert.deepEqual(told, ['1', 'event', 'é', 'event', 'true'])
})

test('a batch does not wait whole in memory', () => {
  const { told, sink } = collect()
  const reader = new Readers().json(sink)
  reader.push(Buffer.from(`[${Array.from({ length: 1000 }, (_, id) => result(id)).join(',')}`))
  assert.ok(told.length > 900)
})

test('an event is told at its blank line, and no earlier', () => {
  const { told, sink } = collect()
  const reader = new Readers().events(sink)
  reader.push(Buffer.from(`data: ${result(1)}\n`))
  assert.deepEqual(told, [])
  reader.push(Buffer.from('\n'))
  assert.deepEqual(told, ['1', 'event'])
  reader.push(Buffer.from(`data: ${result(2)}\n`))
  assert.equal(reader.end(true), false)
  assert.deepEqual(told, ['1', 'event'])
})

test('one event over several data lines is one document', () => {
  const { told, sink } = collect()
  const reader = new Readers().events(sink)
  reader.push(Buffer.from('data: {"jsonrpc":"2.0",\ndata: "id":1,\ndata: "result":{}}\n\n'))
  assert.deepEqual(told, ['1', 'event'])
})

test('an event with nothing but an id tells nothing, and makes the stream resumable', () => {
  const { told, sink } = collect()
  const reader = new Readers().events(sink)
  assert.ok(!reader.resumable)
  reader.push(Buffer.from('id: 1\nretry: 50\ndata:\n\ndata\n\ndata: \n\n'))
  assert.deepEqual(told, [])
  assert.ok(reader.resumable)
  reader.push(Buffer.from(event(result(1))))
  assert.deepEqual(told, ['1', 'event'])
})

test('data that is no JSON is told, but not where another type says that it is none', () => {
  const { told, sink } = collect()
  const reader = new Readers().events(sink)
  reader.push(Buffer.from('data: no\n\nevent: endpoint\ndata: /messages\n\nevent: message\ndata: {\n\n'))
  assert.deepEqual(told, ['invalid', 'event', 'event', 'invalid', 'event'])
})

test('a reader that ended says nothing more, and its scanner serves the next body from its start', () => {
  const readers = new Readers()
  const first = collect()
  const ended = readers.json(first.sink)
  ended.push(Buffer.from('[{"jsonrpc":'))
  ended.end(true)
  const second = collect()
  const reader = readers.events(second.sink)
  ended.push(Buffer.from(result(1)))
  assert.equal(ended.end(true), false)
  reader.push(Buffer.from(event(result(2))))
  assert.deepEqual([first.told, second.told], [[], ['2', 'event']])
})
