/** What the state of the parts says of the whole: liveness, readiness, and the report of both. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Component,
  type ComponentReport,
  Health,
  type Status,
  type StatusChange,
} from '../../src/health/health.ts'
import { upstreamComponent } from '../../src/health/upstream-component.ts'
import type { ProbeResult } from '../../src/upstream/probe.ts'

const component = (status: Status, required: boolean, name = `${status}-${required}`): Component => ({
  name,
  required,
  report: () => ({ status, message: 'so' }),
})
const REQUIRED = true
const OPTIONAL = false

describe('readiness', () => {
  const cases: readonly (readonly [parts: readonly (readonly [Status, boolean])[], code: 200 | 503, status: Status])[] =
    [
      [[], 200, 'healthy'],
      [[['healthy', REQUIRED]], 200, 'healthy'],
      [[['degraded', REQUIRED]], 200, 'degraded'],
      [[['unhealthy', REQUIRED]], 503, 'unhealthy'],
      [[['unhealthy', OPTIONAL]], 200, 'degraded'],
      [[['degraded', OPTIONAL]], 200, 'degraded'],
      [
        [
          ['healthy', REQUIRED],
          ['unhealthy', OPTIONAL],
        ],
        200,
        'degraded',
      ],
      [
        [
          ['unhealthy', OPTIONAL],
          ['healthy', REQUIRED],
        ],
        200,
        'degraded',
      ],
      [
        [
          ['unhealthy', OPTIONAL],
          ['unhealthy', REQUIRED],
        ],
        503,
        'unhealthy',
      ],
      [
        [
          ['healthy', REQUIRED],
          ['unhealthy', REQUIRED],
        ],
        503,
        'unhealthy',
      ],
      [
        [
          ['healthy', OPTIONAL],
          ['healthy', REQUIRED],
        ],
        200,
        'healthy',
      ],
    ]
  for (const [parts, code, status] of cases) {
    const what = parts.map(([each, required]) => `${each}${required ? ' (required)' : ''}`).join(' and ')
    it(`of ${what || 'nothing'} is ${code}, ${status}; alive and draining as always`, () => {
      const health = new Health(
        '1.2.3',
        parts.map(([each, required]) => component(each, required)),
      )
      const ready = health.ready()
      assert.deepEqual([ready.code, ready.report.status], [code, status])
      assert.equal(health.live().status, 'healthy')
      health.draining = true
      const draining = health.ready()
      assert.deepEqual([draining.code, draining.report.status], [503, 'unhealthy'])
      const { status: state, message } = draining.report.components.gateway as ComponentReport
      assert.deepEqual([state, message], ['unhealthy', 'draining'])
      assert.equal(health.live().status, 'healthy', 'a kubelet must not kill what is draining')
    })
  }

  it('is asked anew each time', () => {
    let status: Status = 'unhealthy'
    const health = new Health('1', [{ name: 'a', required: true, report: () => ({ status, message: '' }) }])
    assert.equal(health.ready().code, 503)
    status = 'healthy'
    assert.equal(health.ready().code, 200)
  })
})

describe('a report', () => {
  it('has status, version, uptime, and each component by its name', () => {
    const { uptime, components, ...report } = new Health('1.2.3', [component('degraded', true, 'upstream:a')]).ready()
      .report
    assert.deepEqual(report, { status: 'degraded', version: '1.2.3' })
    assert.ok(uptime > 0 && uptime <= process.uptime() + 0.1)
    assert.deepEqual(Object.keys(components), ['gateway', 'upstream:a'])
    const { changed_at, ...state } = components['upstream:a'] as ComponentReport
    assert.deepEqual(state, { status: 'degraded', message: 'so', required: true })
    assert.ok(Math.abs(Date.parse(changed_at) - Date.now()) < 60_000)
  })

  it('tells since when a component has its status, and each change once', async () => {
    let status: Status = 'healthy'
    const changes: StatusChange[] = []
    const part = { name: 'a', required: false, report: () => ({ status, message: `is ${status}` }) }
    const health = new Health('1', [part], (change) => changes.push(change))
    const since = () => health.look().a?.changed_at
    const first = since()
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(since(), first)
    status = 'unhealthy'
    const second = since()
    assert.notEqual(second, first)
    assert.equal(since(), second)
    assert.deepEqual(changes, [{ name: 'a', from: 'healthy', to: 'unhealthy', message: 'is unhealthy' }])
  })

  it('has components that come and go', () => {
    let parts = [component('unhealthy', true, 'x')]
    const health = new Health('1')
    health.add(() => parts)
    assert.equal(health.ready().code, 503)
    parts = []
    assert.equal(health.ready().code, 200)
    assert.deepEqual(Object.keys(health.look()), ['gateway'])
  })
})

describe('an upstream as a component', () => {
  const result = (more: Partial<ProbeResult> = {}): ProbeResult => ({
    alive: true,
    message: 'answered initialize',
    duration: 12.6,
    at: Date.UTC(2026, 10, 1),
    ...more,
  })

  it('is unhealthy before its first probe, without a time', () => {
    const { name, required, report } = upstreamComponent('a', true, { alive: false, result: undefined })
    assert.deepEqual([name, required], ['upstream:a', true])
    assert.deepEqual(report(), { status: 'unhealthy', message: 'not probed yet' })
  })

  it('is healthy with the last answer, its time and its duration', () => {
    assert.deepEqual(upstreamComponent('a', false, { alive: true, result: result() }).report(), {
      status: 'healthy',
      message: 'answered initialize',
      duration_ms: 13,
      checked_at: '2026-11-01T00:00:00.000Z',
    })
  })

  it('is degraded where it was missed but counts as alive, and unhealthy where it does not', () => {
    const missed = result({ alive: false, message: 'no answer' })
    assert.equal(upstreamComponent('a', true, { alive: true, result: missed }).report().status, 'degraded')
    assert.equal(upstreamComponent('a', true, { alive: false, result: missed }).report().status, 'unhealthy')
  })
})
