/** The list of open operations against a plain array that does the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Operation } from '../../src/exchange/operation.ts'
import { OpenOperations } from '../../src/inspection/open-operations.ts'
import { seeded } from '../support/random.ts'

const operation = (id: number): Operation =>
  new Operation({
    direction: 'server',
    upstream: 'u',
    id,
    method: 'ping',
    target: undefined,
    cursor: undefined,
    revision: '',
    startedAt: 0,
  })

test('it holds what was added and not deleted, oldest first, as an array does', () =>
  seeded((random) => {
    const open = new OpenOperations(undefined)
    let model: Operation[] = []
    const gone: Operation[] = []
    for (let step = 0; step < 2_000; step++) {
      const kept = model.length > 0 ? random.pick(model) : undefined
      if (kept === undefined || random.chance(0.52)) {
        const added = operation(random.integer(1, 20))
        open.add(added)
        model.push(added)
      } else {
        // What is deleted already stays deleted.
        for (const each of [kept, ...gone.slice(-2)]) open.delete(each)
        model = model.filter((each) => each !== kept)
        gone.push(kept)
      }
      const id = random.integer(1, 20)
      assert.equal(
        open.find(id),
        model.find((each) => each.id === id),
      )
      assert.equal(open.size, model.length)
    }
    assert.deepEqual([...open], model)
    assert.ok(model.every((each) => open.has(each)) && !gone.some((each) => open.has(each)))
  }))

test('any may be deleted while it is walked', () => {
  const open = new OpenOperations(undefined)
  const all = [1, 2, 3, 4].map(operation)
  for (const each of all) open.add(each)
  const walked: unknown[] = []
  for (const each of open) {
    walked.push(each.id)
    open.delete(each)
  }
  assert.deepEqual([walked, open.size], [[1, 2, 3, 4], 0])
})
