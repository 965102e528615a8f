/** Runs every test that npm alone can run: all of test/ but test/system and the benches. */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'

const chosen = process.argv.slice(2)
const files = chosen.length > 0 ? chosen : globSync('test/**/*.test.ts').filter((f) => !f.startsWith('test/system/'))
const { status } = spawnSync(
  process.execPath,
  ['--test', '--test-timeout=120000', '--test-concurrency=2', ...files.sort()],
  { stdio: 'inherit', env: { ...process.env, NODE_ENV: 'test' } },
)
process.exit(status ?? 1)
