/** SLO: what is left of the budgets of bad operations, and how fast they burn. */
import type { Board } from './board.ts'
import { lines } from './panels.ts'
import { ofObjective } from './promql.ts'
import { rows } from './tables.ts'

const BAD = 'sidelight:objective_bad'
const BUDGET = 'sidelight:objective_budget:ratio'
const LEGEND = '{{upstream}} {{objective}}'

const ratio = (window: string): string => ofObjective(`${BAD}:ratio_rate${window}`)
const burn = (window: string): string => `${ratio(window)} / on (objective) group_left () ${BUDGET}`

const WHAT =
  'Availability: 99.5 % of operations are answered by a server that is there and works. Latency: 95 % of answers come within 2 s. ' +
  'Both are set in deploy/prometheus/rules/objectives.yml.'

export const objectives: Board = {
  name: 'objectives',
  title: 'SLO',
  description: 'Service level objectives by upstream, from the recording rules in deploy/prometheus.',
  variables: ['upstream', 'objective'],
  sections: [
    {
      title: 'Objectives',
      panels: [
        rows({
          title: 'Budgets',
          description: `How much of the budget of bad operations is left, of 30 days, and the share that was bad lately. Below zero the objective is missed. ${WHAT}`,
          sortBy: 'Bad, 1 h',
          none: 'No recorded series: are the rules of deploy/prometheus loaded?',
          labels: [
            { label: 'upstream', title: 'Upstream' },
            { label: 'objective', title: 'Objective' },
            { label: 'namespace', title: 'Namespace' },
            { label: 'job', title: 'Job' },
          ],
          columns: [
            {
              title: 'Budget left',
              unit: 'percentunit',
              expr: ofObjective('sidelight:objective_budget_left:ratio30d'),
            },
            ...['5m', '1h', '6h', '1d', '3d'].map((window) => ({
              title: `Bad, ${window.replace(/(?=[mhd])/, ' ')}`,
              unit: 'percentunit',
              expr: ratio(window),
            })),
          ],
        }),
        lines({
          title: 'Budget left',
          description:
            '1: untouched. 0: spent. Below: the objective of 30 days is missed, and SidelightObjectiveMissed fires.',
          unit: 'percentunit',
          queries: [{ expr: ofObjective('sidelight:objective_budget_left:ratio30d'), legend: LEGEND }],
        }),
        lines({
          title: 'Bad operations',
          description: 'How many were bad in the hour before.',
          unit: 'short',
          queries: [{ expr: ofObjective(`${BAD}:increase1h`), legend: LEGEND }],
        }),
      ],
    },
    {
      title: 'Burn rates (1: the budget lasts exactly 30 days)',
      panels: [
        lines({
          title: 'One hour',
          description:
            'At 14.4, with the last five minutes as bad, SidelightBudgetBurningFast fires: the budget is spent in two days.',
          unit: 'short',
          limits: [6, 14.4],
          queries: [{ expr: burn('1h'), legend: LEGEND }],
        }),
        lines({
          title: 'Six hours',
          description:
            'At 6, with the last half hour as bad, SidelightBudgetBurningFast fires: the budget is spent in five days.',
          unit: 'short',
          limits: [3, 6],
          queries: [{ expr: burn('6h'), legend: LEGEND }],
        }),
        lines({
          title: 'A day',
          description: 'At 3, with the last two hours as bad, SidelightBudgetBurningSlowly fires.',
          unit: 'short',
          limits: [1, 3],
          queries: [{ expr: burn('1d'), legend: LEGEND }],
        }),
        lines({
          title: 'Three days',
          description:
            'At 1, with the last six hours as bad, SidelightBudgetBurningSlowly fires: the objective will be missed.',
          unit: 'short',
          limits: [0.5, 1],
          queries: [{ expr: burn('3d'), legend: LEGEND }],
        }),
      ],
    },
    {
      title: 'Traffic that counts',
      panels: [
        lines({
          title: 'Operations that count',
          description:
            'Per second. What the caller broke off, or the gateway refused because of how the caller asked, counts for no objective.',
          unit: 'reqps',
          queries: [{ expr: ofObjective('sidelight:objective_total:rate5m'), legend: LEGEND }],
        }),
        lines({
          title: 'Bad share, five minutes',
          description: WHAT,
          unit: 'percentunit',
          queries: [{ expr: ratio('5m'), legend: LEGEND }],
        }),
        lines({
          title: 'Bad share, half an hour',
          description: WHAT,
          unit: 'percentunit',
          queries: [{ expr: ratio('30m'), legend: LEGEND }],
        }),
        lines({
          title: 'Bad share, two hours',
          description: WHAT,
          unit: 'percentunit',
          queries: [{ expr: ratio('2h'), legend: LEGEND }],
        }),
        rows({
          title: 'Alerts on budgets',
          description: 'What Prometheus has pending or firing. Runbooks are in docs/runbooks.md.',
          sortBy: 'Alert',
          none: 'All is quiet',
          labels: [
            { label: 'alertname', title: 'Alert' },
            { label: 'alertstate', title: 'State' },
            { label: 'upstream', title: 'Upstream' },
            { label: 'objective', title: 'Objective' },
          ],
          columns: [
            {
              title: 'Alerts',
              unit: 'short',
              expr: 'count by (alertname, alertstate, upstream, objective) (ALERTS{alertname=~"SidelightBudget.+|SidelightObjective.+"})',
            },
          ],
        }),
      ],
    },
  ],
}
