/** When alerts fire and are resolved: once each, for errors by rate and for upstreams that are down. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AlertRule, ErrorCondition, Finding } from '../../src/incidents/alert-rule.ts'
import { Alerts } from '../../src/incidents/alerts.ts'
import type { ErrorKind } from '../../src/incidents/error-kind.ts'

const KIND: ErrorKind = {
  outcome: 'timeout',
  errorType: 'upstream_timeout',
  upstream: 'u',
  method: 'tools/call',
  httpMethod: '',
  target: 'search_web',
}
const RULE: AlertRule = { name: 'Rule', severity: 'critical', upstream: undefined, errors: undefined, down: undefined }
const CONDITION: ErrorCondition = { outcomes: [], method: undefined, tool: undefined, count: 10, window: 60_000 }

function watch(rule: Partial<AlertRule>) {
  const clock = { at: 1_800_000_000_000 }
  const down = new Map<string, Finding>([['u', undefined]])
  const told: string[] = []
  const lines: string[] = []
  const alerts = new Alerts({
    rules: [{ ...RULE, ...rule }],
    upstreams: () => down,
    now: () => clock.at,
    logger: {
      fatal: (fields, said) => lines.push(`fatal ${said} ${JSON.stringify(fields)}`),
      info: (fields, said) => lines.push(`info ${said} ${JSON.stringify(fields)}`),
    },
    onFiring: ({ name, upstream, summary }) => told.push(`firing ${name} ${upstream}: ${summary}`),
    onResolved: ({ name, upstream, startsAt, endsAt }) =>
      told.push(`resolved ${name} ${upstream} ${endsAt - startsAt}`),
  })
  const fail = (times: number, kind: Partial<ErrorKind> = {}) => {
    for (let i = 0; i < times; i++) alerts.error({ ...KIND, ...kind }, clock.at)
    alerts.tick()
  }
  return { clock, down, told, lines, alerts, fail }
}

describe('errors', () => {
  it('as many as the limit fire once, however long it goes on', () => {
    const { clock, told, fail } = watch({ errors: CONDITION })
    fail(9)
    assert.deepEqual(told, [])
    fail(1)
    assert.deepEqual(told, ['firing Rule u: 10 errors in 60 s'])
    for (let i = 0; i < 20; i++) {
      clock.at += 10_000
      fail(5)
    }
    assert.equal(told.length, 1)
  })

  it('it is resolved once, when half as many are left', () => {
    const { clock, told, alerts, fail } = watch({ errors: CONDITION })
    fail(10)
    clock.at += 40_000
    fail(5)
    for (let i = 0; i < 10; i++) {
      clock.at += 2_500
      alerts.tick()
    }
    // The ten have left the window, and the five have not.
    assert.equal(told.length, 1)
    clock.at += 60_000
    alerts.tick()
    alerts.tick()
    assert.deepEqual(told.slice(1), ['resolved Rule u 125000'])
    fail(10)
    assert.equal(told.length, 3)
  })

  it('each upstream is an alert of its own', () => {
    const { told, alerts, fail } = watch({ errors: CONDITION })
    fail(10)
    fail(10, { upstream: 'v' })
    assert.equal(told.length, 2)
    assert.deepEqual(
      alerts.firing().map(({ upstream }) => upstream),
      ['u', 'v'],
    )
  })

  const FITTING: readonly (readonly [
    what: string,
    rule: Partial<AlertRule>,
    kind: Partial<ErrorKind>,
    fires: boolean,
  ])[] = [
    ['an outcome that is listed', { errors: { ...CONDITION, outcomes: ['timeout'] } }, {}, true],
    ['another outcome', { errors: { ...CONDITION, outcomes: ['gateway_error'] } }, {}, false],
    ['a tool that fits the pattern', { errors: { ...CONDITION, tool: 'search_*' } }, {}, true],
    ['a tool that does not', { errors: { ...CONDITION, tool: 'fetch_*' } }, {}, false],
    [
      'a prompt, where the rule is about tools',
      { errors: { ...CONDITION, tool: '*' } },
      { method: 'prompts/get' },
      false,
    ],
    ['the method', { errors: { ...CONDITION, method: 'tools/call' } }, {}, true],
    ['another method', { errors: { ...CONDITION, method: 'tools/list' } }, {}, false],
    ['the upstream', { upstream: 'u', errors: CONDITION }, {}, true],
    ['another upstream', { upstream: 'v', errors: CONDITION }, {}, false],
  ]
  for (const [what, rule, kind, fires] of FITTING)
    it(`${fires ? 'counts' : 'does not count'} ${what}`, () => {
      const { told, fail } = watch(rule)
      fail(10, kind)
      assert.equal(told.length, fires ? 1 : 0)
    })
})

describe('an upstream that is down', () => {
  it('fires after so long, and is resolved when it is back', () => {
    const { clock, down, told, alerts } = watch({ down: 30_000 })
    const after = (milliseconds: number, why: Finding) => {
      clock.at += milliseconds
      down.set('u', why)
      alerts.tick()
    }
    after(0, 'no answer: ECONNREFUSED')
    after(29_000, 'no answer: ECONNREFUSED')
    assert.deepEqual(told, [])
    after(1_000, 'no answer: ECONNREFUSED')
    assert.deepEqual(told, ['firing Rule u: down for 30 s: no answer: ECONNREFUSED'])
    after(60_000, 'no answer: ECONNREFUSED')
    after(1_000, undefined)
    assert.deepEqual(told.slice(1), ['resolved Rule u 61000'])
  })

  it('one that comes back in time never fires', () => {
    const { clock, down, told, alerts } = watch({ down: 30_000 })
    for (let i = 0; i < 20; i++) {
      clock.at += 20_000
      down.set('u', i % 2 === 0 ? 'no answer' : undefined)
      alerts.tick()
    }
    assert.deepEqual(told, [])
  })

  it('one that is taken out of the configuration is resolved', () => {
    const { down, told, alerts } = watch({ down: 0 })
    down.set('u', 'no answer')
    alerts.tick()
    down.delete('u')
    alerts.tick()
    assert.deepEqual(told, ['firing Rule u: down for 0 s: no answer', 'resolved Rule u 0'])
    assert.deepEqual(alerts.firing(), [])
  })
})

it('the log says both: fatal when it fires, info when it is resolved, and alert: true', () => {
  const { down, lines, alerts } = watch({ down: 0, severity: 'warning' })
  down.set('u', 'no answer')
  alerts.tick()
  down.set('u', undefined)
  alerts.tick()
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /^fatal alert firing \{"alert":true,"name":"Rule","severity":"warning","upstream":"u"/)
  assert.match(lines[1] ?? '', /^info alert resolved \{"alert":true/)
})
