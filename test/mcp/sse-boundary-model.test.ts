/** The places where a stream may be cut, held against a reading of the stream line by line. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { SseBoundary } from '../../src/mcp/sse-boundary.ts'

/**
 * HTML standard §9.2.6: a line ends with CR LF, LF or CR; an empty line ends an event. Two liberties of ours, both late
 * rather than early: an empty line before any other ends nothing, and CR LF CR waits for the LF that is likely to come.
 */
function mayEnd(stream: string): boolean {
  let empty = false
  let lines = 0
  for (let from = 0; from < stream.length; lines++) {
    const line = /^([^\r\n]*)(\r\n|\r|\n)/.exec(stream.slice(from))
    if (line === null) return false
    empty = line[1] === '' && lines > 0
    from += line[0].length
  }
  return stream === '' || (empty && !stream.endsWith('\r\n\r'))
}

const pieces = fc.array(fc.constantFrom('\n', '\r', '\r\n', '\r\n\r\n', 'a', ':', 'data: x', 'é'), { maxLength: 14 })
/** A stream as latin-1 text, and its bytes in chunks cut anywhere, some of them empty. */
const chunks = pieces.chain((parts) => {
  const stream = Buffer.from(parts.join('')).toString('latin1')
  const cuts = fc.array(fc.nat(stream.length), { maxLength: 6 })
  return cuts.map((places) => {
    const sorted = [0, ...places.sort((a, b) => a - b), stream.length]
    return sorted.slice(1).map((to, i) => stream.slice(sorted[i], to))
  })
})

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

it('says after each chunk whether the stream may end there', () => {
  fc.assert(
    fc.property(chunks, (parts) => {
      const boundary = new SseBoundary()
      let seen = ''
      for (const part of parts) {
        boundary.push(bytes(part))
        seen += part
        assert.equal(boundary.atBoundary, mayEnd(seen), JSON.stringify(seen))
      }
    }),
    { numRuns: 2_000 },
  )
})

it('finds the first place in the next chunk where the stream may end', () => {
  fc.assert(
    fc.property(chunks, (parts) => {
      const boundary = new SseBoundary()
      let seen = ''
      for (const part of parts) {
        let expected = -1
        for (let n = part.length; n > 0; n--) if (mayEnd(seen + part.slice(0, n))) expected = n
        assert.equal(boundary.cut(bytes(part)), expected, JSON.stringify([seen, part]))
        boundary.push(bytes(part))
        seen += part
      }
    }),
    { numRuns: 2_000 },
  )
})

it('keeps a copy of what it needs, so that no chunk stays in memory or matters later', () => {
  for (const size of [1, 3, 4, 9]) {
    const boundary = new SseBoundary()
    const stream = 'data: x\n\n'
    for (let at = 0; at < stream.length; at += size) {
      const chunk = bytes(stream.slice(at, at + size))
      boundary.push(chunk)
      chunk.fill(0)
    }
    assert.equal(boundary.atBoundary, true, String(size))
  }
})
