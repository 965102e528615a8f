/** The list of open exchanges, held against a Set. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { type Linked, OpenExchanges } from '../../src/listener/open-exchanges.ts'

class Member implements Linked<Member> {
  previous: Member | undefined = undefined
  next: Member | undefined = undefined
  readonly id: number

  constructor(id: number) {
    this.id = id
  }
}

/** Newest first, as the list has them. */
const newestFirst = (model: ReadonlySet<Member>): number[] => [...model].map(({ id }) => id).reverse()
const ids = (list: OpenExchanges<Member>): number[] => [...list].map(({ id }) => id)

it('holds what a Set would hold, whatever is added and deleted, in it or not', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(11)), { maxLength: 60 })
  fc.assert(
    fc.property(steps, (sequence) => {
      const members = Array.from({ length: 12 }, (_, id) => new Member(id))
      const list = new OpenExchanges<Member>()
      const model = new Set<Member>()
      for (const [adds, at] of sequence) {
        const member = members[at] as Member
        // An exchange begins once: what is in the list is not added again.
        if (adds && !model.has(member)) {
          list.add(member)
          model.add(member)
        } else {
          list.delete(member)
          model.delete(member)
        }
        assert.equal(list.size, model.size)
        assert.deepEqual(ids(list), newestFirst(model))
      }
    }),
  )
})

it('may lose any member, the present one and the next too, while it is gone through', () => {
  const set = fc.uniqueArray(fc.nat(7), { maxLength: 8 })
  fc.assert(
    fc.property(fc.array(set, { minLength: 8, maxLength: 8 }), (losses) => {
      const list = new OpenExchanges<Member>()
      const members = Array.from({ length: 8 }, (_, id) => new Member(id))
      for (const member of members) list.add(member)
      const gone = new Set<number>()
      for (const { id } of list) {
        assert.ok(!gone.has(id), `${id} was deleted before its turn`)
        for (const lost of losses[id] as number[]) {
          list.delete(members[lost] as Member)
          gone.add(lost)
        }
      }
      const left = members.map(({ id }) => id).filter((id) => !gone.has(id))
      assert.deepEqual(ids(list), left.reverse())
    }),
  )
})

it('visits every member that stays, once, however many others go meanwhile', () => {
  const list = new OpenExchanges<Member>()
  const members = Array.from({ length: 10 }, (_, id) => new Member(id))
  for (const member of members) list.add(member)
  const visited: number[] = []
  for (const member of list) {
    visited.push(member.id)
    list.delete(member)
    if (member.id === 7) list.delete(members[6] as Member)
  }
  assert.deepEqual(visited, [9, 8, 7, 5, 4, 3, 2, 1, 0])
  assert.equal(list.size, 0)
})

it('keeps nothing of a member that it lost', () => {
  const list = new OpenExchanges<Member>()
  const members = Array.from({ length: 3 }, (_, id) => new Member(id))
  for (const member of members) list.add(member)
  for (const member of members) list.delete(member)
  for (const { previous, next } of members) assert.deepEqual([previous, next], [undefined, undefined])
})
