/** The event stream scanner by example: corners of HTML standard §9.2.6, what it counts, and its memory. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SseScanner } from '../../src/mcp/sse.ts'
import { collect, eachByte } from './sse-collect.ts'

const read = (stream: string) => collect([Buffer.from(stream)])
/** The data of the events that are dispatched, as text. */
const dataOf = (stream: string) =>
  read(stream).events.flatMap(({ data }) => (data === undefined ? [] : [Buffer.from(data, 'latin1').toString()]))

describe('data', () => {
  it('loses one space behind the colon and no more', () => {
    assert.deepEqual(dataOf('data:a\n\ndata: b\n\ndata:  c\n\ndata:\td\n\n'), ['a', 'b', ' c', '\td'])
  })

  it('of several lines is joined by line feeds, whatever ends the lines', () => {
    assert.deepEqual(dataOf('data: a\ndata: b\rdata: c\r\ndata\ndata:\n\n'), ['a\nb\nc\n\n'])
  })

  it('may be empty and is still an event', () => {
    assert.deepEqual(dataOf('data\n\ndata:\n\ndata: \n\n'), ['', '', ''])
  })

  it('is not found in lines that only look like it', () => {
    assert.deepEqual(dataOf('Data: a\n data: b\ndat: c\ndataa: d\n:data: e\nevent: data: f\n\n'), [])
  })

  it('keeps bytes that are not UTF-8', () => {
    const { events } = collect(eachByte(Buffer.from('data: \xff\xfe\0\n\n', 'latin1')))
    assert.equal(events[0]?.data, '\xff\xfe\0')
  })
})

describe('line ends', () => {
  for (const [name, end] of Object.entries({ LF: '\n', CR: '\r', 'CR LF': '\r\n' })) {
    it(`${name}: each event is told at its own blank line, not at the next byte`, () => {
      let events = 0
      const scanner = new SseScanner({ data() {}, join() {}, event: () => void events++ })
      const event = Buffer.from(`data: x${end}${end}`)
      for (let n = 1; n <= 3; n++) {
        for (const byte of eachByte(event)) scanner.push(byte)
        assert.equal(events, n)
        assert.equal(scanner.end(), true)
      }
    })
  }

  it('CR LF in two chunks is one line end', () => {
    assert.deepEqual(
      collect(['data: a\r', '\ndata: b\r', '', '\n\r', '\n'].map((text) => Buffer.from(text))).events.map(
        (e) => e.data,
      ),
      ['a\nb'],
    )
  })
})

describe('byte order mark', () => {
  it('is skipped once, at the start only', () => {
    assert.deepEqual(dataOf('\ufeffdata: a\n\n'), ['a'])
    assert.deepEqual(dataOf('\ufeff\ufeffdata: a\n\n'), [])
    assert.deepEqual(dataOf('data: a\n\n\ufeffdata: b\n\n'), ['a'])
  })

  it('in part makes an unknown field of its line, and of its line only', () => {
    const bytes = Buffer.concat([Buffer.from([0xef, 0xbb]), Buffer.from('data: a\ndata: b\n\n')])
    assert.equal(collect(eachByte(bytes)).events[0]?.data, 'b')
  })
})

describe('type', () => {
  it('is the last one of its event, and empty again for the next', () => {
    const { events } = read('event: a\nevent: message\ndata: 1\n\ndata: 2\n\nevent: message\nevent\ndata: 3\n\n')
    assert.deepEqual(
      events.map(({ type }) => type),
      ['message', '', ''],
    )
  })

  it('ends with its event even when that is not dispatched', () => {
    const { events } = read('event: lost\n\ndata: x\n\n')
    assert.deepEqual(
      events.map(({ type, data }) => [type, data]),
      [
        ['lost', undefined],
        ['', 'x'],
      ],
    )
  })

  it('is capped at 64 characters, never inside one', () => {
    const type = (name: string) => collect(eachByte(Buffer.from(`event: ${name}\ndata\n\n`))).events[0]?.type
    assert.equal(type('a'.repeat(64)), 'a'.repeat(64))
    assert.equal(type('a'.repeat(65)), 'a'.repeat(64))
    assert.equal(type('€'.repeat(1000)), '€'.repeat(64))
    assert.equal(type('😀'.repeat(1000)), '😀'.repeat(32))
    assert.equal(type(`a${'😀'.repeat(1000)}`), `a${'😀'.repeat(31)}`)
  })

  it('is not confused with the one before that begins like it', () => {
    const { events } = read(
      'event: message\n\nevent: mess\n\nevent: messages\n\nevent: massages\n\nevent: massages\n\n',
    )
    assert.deepEqual(
      events.map((event) => event.type),
      ['message', 'mess', 'messages', 'massages', 'massages'],
    )
  })
})

describe('id', () => {
  const ids = (stream: string) => read(stream).events.map(({ hasId }) => hasId)

  it('counts in its own event, with data or without', () => {
    assert.deepEqual(ids('id: 1\ndata: x\n\ndata: y\n\nid: 2\n\n'), [true, false, true])
  })

  it('counts when it is the last of its event and not empty', () => {
    assert.deepEqual(ids('id\n\nid:\n\nid: \n\nid: 1\nid:\n\nid\nid: 1\n\nid:  \n\n'), [
      false,
      false,
      false,
      false,
      true,
      true,
    ])
  })

  it('with a NUL is ignored, and the one before it stays', () => {
    assert.deepEqual(ids('id: a\0b\n\nid: 1\nid: \0\n\nid: \0\nid: 1\n\n'), [false, true, true])
  })

  it('of the stream is known once the event is whole', () => {
    assert.equal(read('data: x\n\nid: 1\n').anyId, false)
    assert.equal(read('id: 1\n\ndata: x\n\n').anyId, true)
  })
})

describe('retry', () => {
  it('is a number of ASCII digits, or it is ignored', () => {
    assert.equal(read('retry: 0500\n').retry, 500)
    for (const value of ['', ' ', '-1', '1.5', '1e3', '٣', '5 ', ' 5', '0x5']) {
      assert.equal(read(`retry: 7\nretry: ${value}\n`).retry, 7, JSON.stringify(value))
    }
  })

  it('of any length is a number', () => {
    assert.equal(read(`retry: ${'9'.repeat(5000)}\n`).retry, Number.MAX_SAFE_INTEGER)
  })

  it('counts when its line is over, before the event is', () => {
    assert.equal(read('retry: 5').retry, undefined)
    assert.equal(read('retry: 5\n').retry, 5)
  })
})

it('counts comments, and blank lines as no event', () => {
  const { comments, events } = read(': one\n\n:\n:data: x\n\n\n')
  assert.equal(comments, 3)
  assert.deepEqual(
    events.map(({ data }) => data),
    [undefined, undefined, undefined],
  )
})

it('counts every byte of a stream to an event', () => {
  const stream = 'event: message\nid: 1\ndata: žlutý\n\n: kept alive\n\ndata\n\n'
  const { events } = read(stream)
  assert.deepEqual(
    events.map(({ bytes }) => bytes),
    [Buffer.byteLength('event: message\nid: 1\ndata: žlutý\n\n'), ': kept alive\n\n'.length, 'data\n\n'.length],
  )
})

it('reads a part of a chunk without looking at the rest', () => {
  const seen: string[] = []
  const sink = {
    data: (chunk: Buffer, from: number, to: number) => void seen.push(chunk.toString('utf8', from, to)),
    join() {},
    event: () => void seen.push(`${scanner.eventBytes}`),
  }
  const scanner = new SseScanner(sink)
  const line = `data: ${'x'.repeat(40)}`
  const chunk = Buffer.from(`data: no\n\n${line}not ours\n\n`)
  scanner.push(chunk, 10, 10 + line.length)
  scanner.push(Buffer.from('--\n\n--'), 2, 4)
  assert.deepEqual(seen, ['x'.repeat(40), `${line.length + 2}`])
})

describe('the end of a stream', () => {
  for (const stream of ['', 'data: x\n\n', 'data: x\r\n\r', ': comment\n', 'retry: 5\n', 'unknown\n', '\ufeff']) {
    it(`drops nothing after ${JSON.stringify(stream)}`, () => assert.equal(read(stream).whole, true))
  }
  for (const stream of ['data: x', 'data: x\n', 'id: 1\n', 'event: a\n', 'd', ': comm', 'data: x\n\nda']) {
    it(`drops something after ${JSON.stringify(stream)}`, () => assert.equal(read(stream).whole, false))
  }
})

it('reads events of 64 MB in constant memory, whichever line is the long one', async () => {
  const before = await held(0)
  for (const start of ['data: ', 'event: ', 'id: ', 'retry: ', ': ', 'unknown: ', 'name without end']) {
    let data = 0
    const count = (_: Buffer, from: number, to: number) => {
      data += to - from
    }
    const scanner = new SseScanner({ data: count, join() {}, event() {} })
    scanner.push(Buffer.from(start))
    for (let i = 0; i < 64; i++) scanner.push(Buffer.alloc(1 << 20, 'x'))
    const grown = (await held(before + MAY_GROW)) - before
    assert.ok(grown < MAY_GROW, `${start}: ${grown} bytes more`)
    scanner.push(Buffer.from('\n\n'))
    assert.equal(scanner.eventBytes, start.length + 2 + (64 << 20))
    assert.equal(data, start === 'data: ' ? 64 << 20 : 0)
  }
})

const MAY_GROW = 8 << 20

/** Bytes held once garbage is collected. Buffers are given back a little later than their objects: waits for `expected`. */
async function held(expected: number): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  let bytes = 0
  for (let tries = 0; tries < 20; tries++) {
    collectGarbage()
    await delay(5)
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    bytes = heapUsed + arrayBuffers
    if (bytes < expected) break
  }
  return bytes
}
