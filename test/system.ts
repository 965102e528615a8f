/** Runs the tests that need tools beyond npm. Says which are absent; with CI set, that is a failure. */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { goMissing } from './system/deploy/go-tools.ts'

/** Command, and the Debian package that has it. */
const TOOLS = [
  ['promtool', 'prometheus'],
  ['prometheus-alertmanager', 'prometheus-alertmanager'],
  ['python3', 'python3-venv'],
  ['nginx', 'nginx'],
  ['chromium', 'chromium'],
] as const

const absent = TOOLS.filter(
  ([command]) => spawnSync(command, ['--version'], { stdio: 'ignore' }).error !== undefined,
).map(([command, debianPackage]) => `what needs ${command} (Debian package ${debianPackage})`)
if (goMissing !== undefined)
  absent.push(`Kubernetes manifests, Helm, compose, the OpenTelemetry collector and go tool pprof: ${goMissing}`)
for (const what of absent) console.log(`NOT RUN: ${what}`)
const { status } = spawnSync(process.execPath, ['--test', ...globSync('test/system/**/*.test.ts').sort()], {
  stdio: 'inherit',
})
process.exit(status !== 0 ? (status ?? 1) : absent.length > 0 && process.env.CI ? 1 : 0)
