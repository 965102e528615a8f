/** When a list counts as seen whole, page by page. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Listings } from '../../src/telemetry/listings.ts'

function follow(most?: number) {
  const seen = { now: 0, learned: [] as string[], whole: 0 }
  const learner = {
    learn: (names: Iterable<string>) => void seen.learned.push(...names),
    complete: () => void seen.whole++,
  }
  const options = { now: () => seen.now, ttlMs: 1_000 }
  const listings = new Listings(learner, most === undefined ? options : { ...options, most })
  const page = (session: string | undefined, cursor: string | undefined, nextCursor: string | undefined, name = 'n') =>
    listings.page({ session, cursor, nextCursor, names: [name] })
  return { listings, seen, page }
}

describe('a list', () => {
  it('of one page is whole at once', () => {
    const { seen, page } = follow()
    page('s', undefined, undefined, 'a')
    assert.deepEqual([seen.learned, seen.whole], [['a'], 1])
  })

  it('is whole at its last page, and every page teaches', () => {
    const { listings, seen, page } = follow()
    page('s', undefined, '2', 'a')
    page('s', '2', '', 'b')
    assert.equal(seen.whole, 0)
    page('s', '', undefined, 'c')
    assert.deepEqual([seen.learned, seen.whole, listings.size], [['a', 'b', 'c'], 1, 0])
  })

  it('is not whole when its first page or one between was not seen', () => {
    const { seen, page } = follow()
    page('s', '2', undefined, 'b')
    page('s', undefined, '2', 'a')
    page('s', '3', undefined, 'c')
    assert.deepEqual([seen.learned, seen.whole], [['b', 'a', 'c'], 0])
  })

  it('is not made whole by another session, nor by none', () => {
    const { seen, page } = follow()
    page('s', undefined, '2')
    page('t', '2', undefined)
    page(undefined, '2', undefined)
    assert.equal(seen.whole, 0)
    page('s', '2', undefined)
    assert.equal(seen.whole, 1)
  })

  it('without a session is followed by its cursors', () => {
    const { seen, page } = follow()
    page(undefined, undefined, 'x')
    page(undefined, undefined, 'y')
    page(undefined, 'y', undefined)
    page(undefined, 'x', undefined)
    assert.equal(seen.whole, 2)
  })

  it('whose pages are shuffled is whole only if they came in order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (order) => {
        const { seen, page } = follow()
        for (const i of order) page('s', i === 0 ? undefined : `${i}`, i === 3 ? undefined : `${i + 1}`)
        assert.equal(seen.whole, order.join() === '0,1,2,3' ? 1 : 0)
      }),
    )
  })

  it('is given up when its next page is not asked for in time', () => {
    const { listings, seen, page } = follow()
    page('s', undefined, '2')
    seen.now = 999
    page('t', undefined, '2')
    seen.now = 1_000
    page('s', '2', undefined)
    assert.equal(seen.whole, 0)
    page('t', '2', undefined)
    assert.equal(seen.whole, 1)
    assert.equal(listings.size, 0)
  })
})

describe('many lists begun and not ended', () => {
  it('are followed up to the cap, the latest of them', () => {
    const { listings, seen, page } = follow(100)
    for (let i = 0; i < 10_000; i++) page(`s${i}`, undefined, 'z'.repeat(1_000))
    assert.equal(listings.size, 100)
    page('s9899', 'z'.repeat(1_000), undefined)
    assert.equal(seen.whole, 0)
    page('s9900', 'z'.repeat(1_000), undefined)
    assert.equal(seen.whole, 1)
  })

  it('are awaited from when they last began', () => {
    const { seen, page } = follow()
    for (const [now, session] of [
      [0, 's'],
      [500, 't'],
      [900, 's'],
    ] as const) {
      seen.now = now
      page(session, undefined, '2')
    }
    seen.now = 1_600
    page('t', '2', undefined)
    assert.equal(seen.whole, 0)
    page('s', '2', undefined)
    assert.equal(seen.whole, 1)
  })

  it('take one place each however often they begin', () => {
    const { listings, page } = follow()
    for (let i = 0; i < 100; i++) page('s', undefined, '2')
    assert.equal(listings.size, 1)
  })
})
