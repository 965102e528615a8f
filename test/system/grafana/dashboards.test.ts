/** Every query of every dashboard, asked of a real Prometheus that scraped a gateway under load, returns data. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { parse } from 'yaml'
import {
  type Dashboard,
  dashboardFiles,
  everything,
  filledIn,
  labelValues,
  type Panel,
  type Target,
} from '../../deploy/dashboards.ts'
import { usesOf } from '../../deploy/promql.ts'
import { ROOT } from '../../deploy/rules.ts'
import { settles } from '../../support/measure.ts'
import { type PrometheusServer, prometheusMissing, prometheusServer } from '../prometheus-server.ts'
import { type Load, load } from './load.ts'

/** Series that this load cannot make, and why. */
const IMPOSSIBLE: Readonly<Record<string, string>> = {
  mcp_sessions_evicted_total: 'a session is evicted only when it has been idle for a minute',
}

const ROUNDS = 3
const WINDOW = { __rate_interval: '5s', __range: '2m' }

/** The shipped rules, with what is evaluated slowly evaluated at once. */
const rules = (): object[] =>
  globSync('deploy/prometheus/{rules,alerts}/*.yml', { cwd: ROOT }).map((file) => {
    const document = parse(readFileSync(`${ROOT}${file}`, 'utf8')) as { groups: { interval?: string }[] }
    for (const group of document.groups) delete group.interval
    return document
  })

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly values?: readonly (readonly [number, string])[]
}

const numbers = ({ value, values = [] }: Series): readonly number[] =>
  [...(value === undefined ? [] : [value]), ...values].map(([, text]) => Number(text))

describe('dashboards', { timeout: 240_000, skip: prometheusMissing && 'prometheus is not installed' }, () => {
  let loaded: Load
  let prometheus: PrometheusServer
  let from = 0
  let to = 0

  before(async () => {
    loaded = await load()
    const url = `${loaded.gateway.adminUrl}/metrics`
    const labels = { namespace: 'agents' }
    prometheus = await prometheusServer(
      [
        { name: 'sidelight', url },
        { name: 'agents/sidelight', url, labels },
      ],
      rules(),
    )
    await settles(async () => (await instant('count(up) == 2 and min(up) == 1')).length === 1, { within: 20_000 })
    from = Date.now() / 1000
    for (let round = 0; round < ROUNDS; round++) {
      await loaded.round()
      await pause(500)
    }
    // What is recorded from what is recorded comes some evaluations later.
    await settles(async () => (await instant('sidelight:objective_budget_left:ratio30d')).length > 0, {
      within: 20_000,
      every: 100,
    })
    // A moment after the load when no scrape came too late, which on a busy machine some do; and when none is still to come.
    const after = Date.now() / 1000
    to = await settles(
      async () => {
        const at = Date.now() / 1000 - 2
        return at > after && (await instant('count(up == 1) == 2', at)).length === 1 ? at : 0
      },
      { within: 20_000, every: 200 },
    )
  })
  after(async () => {
    await prometheus?.close()
    await loaded?.close()
  })

  async function instant(query: string, at?: number): Promise<readonly Series[]> {
    const time = at === undefined ? {} : { time: String(at) }
    return ((await prometheus.ask('query', { query, ...time })) as { result: readonly Series[] }).result
  }

  async function answers({ expr, instant: once }: Target, values: Readonly<Record<string, string>>) {
    const query = filledIn(expr, { ...values, ...WINDOW })
    if (once) return instant(query, to)
    const course = { query, start: String(from), end: String(to), step: '1' }
    return ((await prometheus.ask('query_range', course)) as { result: readonly Series[] }).result
  }

  const hasData = (result: readonly Series[]): boolean =>
    result.some((series) => numbers(series).some((number) => Number.isFinite(number)))

  /** What each of its variables offers. */
  async function choices({ templating }: Dashboard, values: Record<string, string>): Promise<Record<string, string[]>> {
    const found: Record<string, string[]> = {}
    for (const { name, type, definition = '' } of templating.list) {
      if (type === 'datasource') continue
      const { selector, label } = labelValues(definition)
      const parameters = { 'match[]': filledIn(selector, values), start: String(from), end: String(to) }
      found[name] = (await prometheus.ask(`label/${label}/values`, parameters)) as string[]
    }
    return found
  }

  const queries = (panels: readonly Panel[]) =>
    panels.flatMap(({ title, targets = [], fieldConfig }) =>
      targets.map((target) => ({ title, target, mayBeEmpty: fieldConfig?.defaults.noValue !== undefined })),
    )

  for (const { file, dashboard } of dashboardFiles()) {
    describe(file, () => {
      const all = everything(dashboard)

      for (const { title, target } of queries(dashboard.panels)) {
        it(`${title} ${target.refId} returns data, and so does every series that it asks for`, async () => {
          const { selectors } = usesOf(filledIn(target.expr, { ...all, ...WINDOW }))
          const lacking = selectors.filter(({ metric }) => metric in IMPOSSIBLE)
          for (const { metric, matchers } of selectors) {
            if (metric in IMPOSSIBLE) continue
            const selector = `${metric}{${matchers.map((each) => `${each.label}${each.operator}"${each.value}"`)}}`
            assert.ok((await instant(`last_over_time(${selector}[5m])`, to)).length > 0, `nothing has ${selector}`)
          }
          if (lacking.length === 0) assert.ok(hasData(await answers(target, all)), target.expr)
        })
      }

      it('offers something for every variable', async () => {
        for (const [name, values] of Object.entries(await choices(dashboard, all)))
          assert.ok(values.length > 0, `nothing to choose for ${name}`)
      })

      it('has something in every panel for one healthy upstream, but for those that say why not', async () => {
        const chosen: Record<string, string> = { ...all, namespace: 'agents' }
        const offered = await choices(dashboard, chosen)
        if ('instance' in chosen) chosen.instance = offered.instance?.[0] ?? ''
        if ('upstream' in chosen) chosen.upstream = 'good'
        if ('tool' in chosen) chosen.tool = 'echo'
        if ('objective' in chosen) chosen.objective = 'latency'
        for (const [name, value] of Object.entries(chosen))
          assert.ok(offered[name]?.includes(value), `${name} ${value}`)
        for (const { title, target, mayBeEmpty } of queries(dashboard.panels)) {
          const result = await answers(target, chosen)
          assert.ok(mayBeEmpty || hasData(result), `${title}: ${target.expr}`)
        }
      })

      it('finds traces behind the figures that promise them', async () => {
        for (const { target } of queries(dashboard.panels).filter((query) => query.target.exemplar)) {
          const query = filledIn(target.expr, { ...all, ...WINDOW })
          const found = (await prometheus.ask('query_exemplars', { query, start: String(from), end: String(to) })) as {
            readonly exemplars: readonly { readonly labels: { readonly trace_id?: string } }[]
          }[]
          const ids = found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id ?? ''))
          assert.match(ids[0] ?? '', /^[0-9a-f]{32}$/, target.expr)
        }
      })

      it('marks when gateways started', async () => {
        for (const { expr } of dashboard.annotations.list)
          assert.ok(hasData(await answers({ expr } as Target, all)), expr)
      })
    })
  }
})

it('a Prometheus was there for the dashboards', { skip: !prometheusMissing || 'it was' }, () => {
  console.log('NOT RUN: prometheus is not installed')
  assert.equal(process.env.CI, undefined, 'prometheus must be installed where CI is set')
})
