/** The access log: which exchanges are written, at which level, and the session's tag. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AccessFilter, accessFilter } from '../../src/telemetry/access-filter.ts'
import { AccessLog, type AccessLogOptions, sessionTag } from '../../src/telemetry/access-log.ts'
import type { AccessRecord } from '../../src/telemetry/access-record.ts'
import { bare } from './access-records.ts'

const everything: AccessFilter = { sample: 1, minDuration: 0, outcomes: [] }

const records: readonly AccessRecord[] = [
  bare,
  { ...bare, outcome: 'tool_error' },
  { ...bare, outcome: 'refused', status: 403 },
  { ...bare, outcome: 'http_error', status: 500 },
  { ...bare, outcome: 'upstream_reset' },
  { ...bare, outcome: 'downstream_closed' },
]

function written(options: AccessLogOptions): Record<string, unknown>[] {
  const lines: string[] = []
  const log = new AccessLog({ write: (line) => lines.push(line) }, options)
  for (const each of records) log.write(each)
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

const outcomes = (options: AccessLogOptions) => written(options).map(({ outcome }) => outcome)

test('faults of the gateway and the upstream are warnings, whatever the filter says of other exchanges', () => {
  const levels = written({}).map(({ level }) => level)
  assert.deepEqual(levels, ['info', 'info', 'info', 'warn', 'warn', 'info'])
})

test('only the faults are written when told so', () => {
  assert.deepEqual(outcomes({ level: 'warn' }), ['http_error', 'upstream_reset'])
})

describe('a filter', () => {
  test('that leaves nothing out is none', () => {
    assert.equal(accessFilter(everything), undefined)
    assert.equal(written({ filter: everything }).length, records.length)
  })

  test('of outcomes lets these pass, and faults', () => {
    const filter: AccessFilter = { ...everything, outcomes: ['tool_error', 'downstream_closed'] }
    assert.deepEqual(outcomes({ filter }), ['tool_error', 'http_error', 'upstream_reset', 'downstream_closed'])
  })

  test('of a duration leaves shorter exchanges out, not faults', () => {
    assert.deepEqual(outcomes({ filter: { ...everything, minDuration: 2 } }), ['http_error', 'upstream_reset'])
    assert.equal(outcomes({ filter: { ...everything, minDuration: 1 } }).length, records.length)
  })

  test('of no share at all leaves nothing but faults', () => {
    assert.deepEqual(outcomes({ filter: { ...everything, sample: 0 } }), ['http_error', 'upstream_reset'])
  })

  for (const [kind, id] of [
    ['random', () => crypto.randomUUID()],
    ['counted', (n: number) => `request-${n}`],
  ] as const) {
    test(`of a share takes about that many of ${kind} correlation ids, and more of them when it is larger`, () => {
      const ids = Array.from({ length: 20_000 }, (_, n) => id(n))
      const chosen = (sample: number) => {
        const chooses = accessFilter({ ...everything, sample }) ?? (() => true)
        return new Set(ids.filter((correlationId) => chooses({ ...bare, correlationId })))
      }
      let smaller = chosen(0)
      assert.equal(smaller.size, 0)
      for (const sample of [0.01, 0.1, 0.5, 0.9]) {
        const larger = chosen(sample)
        // Six times the standard deviation of independent draws.
        const width = 6 * Math.sqrt(ids.length * sample * (1 - sample))
        assert.ok(Math.abs(larger.size - sample * ids.length) < width, `${larger.size} at ${sample}`)
        assert.ok([...smaller].every((chosenBefore) => larger.has(chosenBefore)))
        smaller = larger
      }
    })
  }
})

test('a session tag is short, steady and not the id', () => {
  const id = 'b2b7c2a0-0000-4000-8000-1234567890ab'
  assert.match(sessionTag(id), /^[0-9a-f]{12}$/)
  assert.equal(sessionTag(id), sessionTag(id))
  assert.notEqual(sessionTag(id), sessionTag(`${id}x`))
  assert.ok(!id.includes(sessionTag(id)))
})
