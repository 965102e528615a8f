/** Words the help text from the table of flags. */
import { flags } from './flags.ts'
import { defaultOf } from './settings.ts'

export function usage(): string {
  const rows = flags.map(({ name, value, setting, description }) => {
    const preset = setting === undefined ? undefined : defaultOf(setting)
    return [`--${name} ${value}`, preset === undefined ? description : `${description} (${preset})`] as const
  })
  const others = [
    ['--help, -h', 'show this text'],
    ['--version, -v', 'show the version'],
  ] as const
  return `Sidelight stands in front of MCP servers and shows what happens inside.

Usage:
  sidelight [flags]       run; without an upstream, in front of a built-in demo
  sidelight check FILE    validate a configuration file
  sidelight schema        print the JSON Schema of the configuration file

Flags, each also as an environment variable (--admin-port is SIDELIGHT_ADMIN_PORT):
${columns([...rows, ...others])}
Flags go over the environment, that over the file, that over the defaults.
`
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right.replaceAll('`', '')}\n`).join('')
}
