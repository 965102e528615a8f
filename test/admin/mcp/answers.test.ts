/** Calls of the gateway's own tools that come at once, as a batch holds them, and the traffic beside them. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Answers } from '../../../src/admin/mcp/answers.ts'
import type { Sources } from '../../../src/admin/mcp/sources.ts'

it('each call has a turn of the event loop for itself', async () => {
  const answers = new Answers({} as Sources)
  let turn = 0
  let immediate = setImmediate(function next() {
    turn++
    immediate = setImmediate(next)
  })
  const call = async (i: number): Promise<number> => {
    await answers.callTool({ name: 'echo', arguments: { message: String(i) } }, { rights: new Set() })
    return turn
  }
  const turns = await Promise.all(Array.from({ length: 50 }, (_, i) => call(i)))
  clearImmediate(immediate)
  assert.equal(new Set(turns).size, 50, String(turns))
  assert.deepEqual(
    turns,
    turns.toSorted((a, b) => a - b),
  )
})
