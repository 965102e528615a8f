/** How the view is laid out, and what it keeps from a terminal. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Figures } from '../../../src/command/top/figures.ts'
import { painted } from '../../../src/command/top/lines.ts'
import { view } from '../../../src/command/top/view.ts'
import { plain, seconds, share } from '../../../src/command/top/words.ts'

const NONE = { p50: Number.NaN, p95: Number.NaN, p99: Number.NaN }
const row = (target: string, errors = 0) => ({
  upstream: 'a',
  target,
  count: 10,
  rate: 1,
  errors,
  failure: errors > 0 ? 'timeout' : undefined,
  p50: 0.001,
  p95: 0.02,
  p99: Number.POSITIVE_INFINITY,
})
const figures = (calls: Figures['calls']): Figures => ({
  version: '1.2.3',
  uptime: 7_300,
  counted: 59.4,
  readiness: {
    status: 'unhealthy',
    wrong: [{ name: 'upstream:a', status: 'unhealthy', message: 'no answer: ECONNREFUSED' }],
  },
  rate: 1,
  errorRate: 0,
  active: 0,
  streams: 0,
  sessions: 3,
  sessionsCreated: 1,
  sessionsDead: 0,
  memory: 134_000_000,
  loopDelay: 0.0007,
  upstreams: [
    { name: 'a', up: false, rate: 1, errorRate: 0, latencies: NONE, active: 0, streams: 0, waiting: 0, sessions: 3 },
  ],
  calls,
})
const text = (of: Figures, rows = Number.POSITIVE_INFINITY, columns = Number.POSITIVE_INFINITY) =>
  view(of, { place: 'localhost:9090', rows }).map((line) => painted(line, { colours: false, columns }))

it('a view has totals, what is wrong, upstreams and calls, figures under their heads', () => {
  assert.deepEqual(text(figures([row('echo'), row('a_longer_name', 5)])), [
    'Sidelight 1.2.3  localhost:9090  up 2 h 1 min  not ready  the last 1 min',
    '1.00 exchanges/s   0 % failed   0 active   0 streams   3 sessions (+1)   134 MB memory   0.70 ms event loop p99',
    '! upstream:a: no answer: ECONNREFUSED',
    '',
    'UPSTREAM  STATE    /S  FAILED  P50  P95  P99  ACTIVE  STREAMS  WAITING  SESSIONS',
    'a         down   1.00     0 %    –    –    –       0        0        0         3',
    '',
    'TOOL OR METHOD  UPSTREAM    /S  FAILED      P50      P95     P99  CALLS  MOST OFTEN BY',
    'echo            a         1.00     0 %  1.00 ms  20.0 ms  >5 min     10',
    'a_longer_name   a         1.00  50.0 %  1.00 ms  20.0 ms  >5 min     10  timeout',
  ])
})

it('a view is never larger than its terminal, and says what it leaves out', () => {
  const lines = text(figures(Array.from({ length: 50 }, (_, i) => row(`tool_${i}`))), 12, 30)
  assert.equal(lines.length, 12)
  assert.equal(lines.at(-1), '… and 47 lines more')
  assert.ok(lines.every((line) => line.length <= 30))
})

it('a name from an upstream steers no terminal', () => {
  assert.equal(plain('a\x1b[2J\u202eb\n\x9bc'), 'a?[2J?b??c')
  const hostile = view(figures([row('\x1b]0;owned\x07')]), { place: 'x', rows: 99 })
  const line = painted(hostile.at(-1) ?? [], { colours: true, columns: 200 })
  assert.match(line, /\?\]0;owned\?/)
})

it('figures have three digits and a unit that fits', () => {
  assert.deepEqual([0.0004, 0.0421, 1.5, 600].map(seconds), ['0.40 ms', '42.1 ms', '1.50 s', '10.0 min'])
  assert.deepEqual([share(0, 0), share(1, 10_000), share(1, 3), share(3, 3)], ['0 %', '<0.1 %', '33.3 %', '100 %'])
})
