/** The event stream of the HTML standard (§9.2.6) read in the plainest way: all at once, line by line. */
import { TYPE_CHARACTERS } from '../../src/mcp/sse-type.ts'
import type { Dispatched, Reading } from './sse-collect.ts'

export function readPlainly(bytes: Buffer): Reading {
  const marked = bytes.subarray(0, 3).equals(Buffer.from('\ufeff'))
  const text = bytes.toString('latin1', marked ? 3 : 0)
  const events: Dispatched[] = []
  let comments = 0
  let retry: number | undefined
  let anyId = false
  let data: string[] = []
  let type = ''
  let id = ''
  let fields = 0
  let began = marked ? -3 : 0
  let read = 0
  for (const { 0: all, 1: line = '', index } of text.matchAll(/([^\r\n]*)(?:\r\n|\r|\n)/g)) {
    read = index + all.length
    if (line === '') {
      anyId ||= id !== ''
      const end = index + 1
      events.push({ data: data.length > 0 ? data.join('\n') : undefined, type, hasId: id !== '', bytes: end - began })
      began = end
      data = []
      type = ''
      id = ''
      fields = 0
      continue
    }
    const colon = line.indexOf(':')
    const name = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (colon === 0) comments++
    else if (name === 'data') data.push(value)
    else if (name === 'event') type = Buffer.from(value, 'latin1').toString().slice(0, TYPE_CHARACTERS)
    else if (name === 'id' && !value.includes('\0')) id = value
    else if (name === 'retry' && /^\d+$/.test(value)) retry = Number(value)
    if (['data', 'event', 'id'].includes(name)) fields++
  }
  return { events, comments, retry, anyId, whole: fields === 0 && read === text.length }
}
