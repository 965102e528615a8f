/** Envelopes of payloads that would not fit: memory stays what it was. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { EnvelopeScanner } from '../../src/mcp/envelope.ts'
import type { Envelope } from '../../src/mcp/message.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const MEGABYTE = 2 ** 20
const CHUNKS = 50 * 16

/** 50 MB of the same 64 KiB between a beginning and an end. */
function pass(beginning: string, filling: string, end: string): { message: Envelope; heap: number; rss: number } {
  const chunk = Buffer.from(filling.repeat(65_536 / filling.length))
  const messages: Envelope[] = []
  const scanner = new EnvelopeScanner((message) => messages.push(message), { lists: true })
  scanner.push(Buffer.from(beginning))
  for (let i = 0; i < 16; i++) scanner.push(chunk)
  collect()
  const before = process.memoryUsage()
  for (let i = 16; i < CHUNKS; i++) scanner.push(chunk)
  // While the scanner is in the middle of it: nothing of the payload may hang on it.
  collect()
  const after = process.memoryUsage()
  scanner.push(Buffer.from(end))
  assert.equal(scanner.end(), true)
  const [message] = messages
  assert.ok(message !== undefined && message.bytes > 50e6)
  return { message, heap: after.heapUsed - before.heapUsed, rss: after.rss - before.rss }
}

const payloads: Readonly<Record<string, readonly [string, string, string]>> = {
  'a text': ['{"result":{"text":"', 'some \\n text 123', '"},"id":7}'],
  'an array of objects': ['{"result":[0', ',{"a":["\\"",1]} ', '],"id":7}'],
  'a string that is read': ['{"error":{"message":"', 'text', '"},"id":7}'],
  'a number that is read': ['{"error":{"code":1', '12345678', '},"id":7}'],
  'a key': ['{"', 'key ', '":1,"id":7,"result":1}'],
  'a tool': ['{"result":{"tools":[{"name":"t","x":[0', ',"abcdef"', ']}]},"id":7}'],
  'a list of tools': ['{"result":{"tools":[{"name":"t"}', ',{"name":"abcd"}', ']},"id":7}'],
  'white space': ['{"result":1,', ' \n\r\t', '"id":7}'],
}

for (const [what, parts] of Object.entries(payloads)) {
  test(`50 MB of ${what} grow neither heap nor RSS`, () => {
    const { message, heap, rss } = pass(...parts)
    assert.equal(message.id, 7)
    assert.ok(heap < MEGABYTE, `heap grew by ${heap}`)
    assert.ok(rss < 16 * MEGABYTE, `RSS grew by ${rss}`)
  })
}
