#!/usr/bin/env node
/** The process: arguments and exit codes. What a command needs is loaded only for it. */
import { readFileSync } from 'node:fs'
import { EX_USAGE } from './command/exit-codes.ts'
import { loadConfig } from './config/load.ts'
import { formatErrors } from './config/report.ts'
import { jsonSchema } from './config/settings.ts'
import { usage } from './config/usage.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const start = { argv: process.argv.slice(2), env: process.env, cwd: process.cwd() }
const loaded = await loadConfig(start)
if ('errors' in loaded) {
  process.stderr.write(formatErrors(loaded.errors))
  process.exitCode = EX_USAGE
} else {
  const { command, topic, options, config } = loaded
  for (const warning of loaded.warnings) process.stderr.write(`sidelight: warning: ${warning}\n`)
  // Whoever reads what is said may have seen enough: `sidelight schema | head`.
  if (command !== 'run') process.stdout.on('error', () => process.exit())
  if (command === 'help') process.stdout.write(usage(topic))
  else if (command === 'version') process.stdout.write(`${version}\n`)
  else if (command === 'schema') process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`)
  else if (command === 'check') process.stdout.write('the configuration is valid\n')
  else if (command === 'health') {
    const { health } = await import('./command/health.ts')
    process.exitCode = await health(config.admin, options)
  } else if (command === 'top') {
    const { top } = await import('./command/top/top.ts')
    process.exitCode = await top(config.admin, options)
  } else {
    const { run } = await import('./command/run.ts')
    await run(loaded, version, () => loadConfig(start))
  }
}
