/** The tools of Prometheus accept its configuration, the rules and Alertmanager's, and the unit tests of all alerts pass. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isMissing } from './program.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

const CHECKS = [
  ['promtool', ['check', 'config', 'prometheus.yml']],
  ['promtool', ['check', 'rules', ...globSync('deploy/prometheus/{rules,alerts}/*.yml', { cwd: ROOT })]],
  ['promtool', ['test', 'rules', ...globSync('deploy/prometheus/tests/*.yml', { cwd: ROOT })]],
  ['amtool', ['check-config', 'deploy/alertmanager/alertmanager.yml']],
] as const

for (const [command, args] of CHECKS) {
  test(`${command} ${args[0]} ${args[1].split('/')[0]} finds nothing wrong`, { timeout: 120_000 }, (t) => {
    if (isMissing(command)) {
      console.log(`NOT RUN: ${command} is not installed`)
      assert.equal(process.env.CI, undefined, `${command} must be installed where CI is set`)
      t.skip(`${command} is not installed`)
      return
    }
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /SUCCESS/)
  })
}
