/** Where an event stream may be cut, whatever its line ends are and however its bytes were cut on the way. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { SseBoundary } from '../../src/mcp/sse-boundary.ts'

/** Feeds a stream up to `from`, asks to be cut, and feeds the rest in pieces of `size`; what would have been sent. */
function sent(stream: string, from: number, size: number): string {
  const boundary = new SseBoundary()
  for (let at = 0; at < from; at += size) boundary.push(Buffer.from(stream.slice(at, Math.min(from, at + size))))
  let text = stream.slice(0, from)
  if (boundary.atBoundary) return text
  for (let at = from; at < stream.length; at += size) {
    const chunk = Buffer.from(stream.slice(at, at + size))
    const end = boundary.cut(chunk)
    const kept = end < 0 ? chunk : chunk.subarray(0, end)
    boundary.push(kept)
    text += kept.toString()
    if (end >= 0) return text
  }
  return text
}

for (const [name, eol] of [
  ['LF', '\n'],
  ['CR LF', '\r\n'],
  ['CR', '\r'],
] as const) {
  it(`ends with the event that was under way, with ${name}`, () => {
    const events = [`: hello${eol}${eol}`, `id: 1${eol}data: a${eol}data: b${eol}${eol}`, `data: ${eol}${eol}`]
    const stream = events.join('')
    const ends = [0, ...events.map((_, i) => events.slice(0, i + 1).join('').length)]
    for (let from = 0; from <= stream.length; from++) {
      const expected = stream.slice(
        0,
        ends.find((end) => end >= from),
      )
      for (const size of [1, 2, 3, 5, stream.length])
        assert.equal(sent(stream, from, size), expected, `${from}/${size}`)
    }
  })
}

it('never ends inside an event that is not completed', () => {
  const boundary = new SseBoundary()
  boundary.push(Buffer.from('data: half\n'))
  assert.equal(boundary.atBoundary, false)
  assert.equal(boundary.cut(Buffer.from('data: more')), -1)
})
