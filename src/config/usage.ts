/** Words the help texts from the tables of commands and flags. */
import { type CommandName, commandNamed, commands } from './commands.ts'
import { flags } from './flags.ts'
import { defaultOf } from './settings.ts'

type Row = readonly [left: string, right: string]

const others: readonly Row[] = [
  ['--help, -h', 'show this text'],
  ['--version, -v', 'show the version'],
]

/** Of a command, or of the program. */
export function usage(name: CommandName = 'run'): string {
  return name === 'run' ? program() : ofCommand(name)
}

function program(): string {
  const { summary, examples } = commandNamed('run')
  const uses = commands.map(({ name, operand = '', summary }): Row => [`sidelight ${name} ${operand}`.trim(), summary])
  return `Sidelight stands in front of MCP servers and shows what happens inside.

Usage:
${columns([['sidelight [flags]', summary], ...uses])}
Examples:
${columns(examples)}
Flags, each also as an environment variable (--admin-port is SIDELIGHT_ADMIN_PORT):
${columns([...configurationFlags(), ...others])}
Flags go over the environment, that over the file, that over the defaults.
sidelight COMMAND --help tells more of a command.
`
}

function ofCommand(command: CommandName): string {
  const { name, operand = '[flags]', about, flags: own, examples } = commandNamed(command)
  const rows = own.map(({ name, value = '', description }): Row => [`--${name} ${value}`.trim(), description])
  const gateway = name === 'schema' ? [] : [['--config FILE …', 'the flags of the gateway: sidelight --help'] as const]
  return `${about}

Usage:
  sidelight ${name} ${operand}

Examples:
${columns(examples)}
Flags:
${columns([...rows, ...gateway, ...others])}`
}

function configurationFlags(): Row[] {
  return flags.map(({ name, value = '', setting, description }) => {
    const preset = setting === undefined ? undefined : defaultOf(setting)
    const words = preset === undefined || preset === false ? description : `${description} (${preset})`
    return [`--${name} ${value}`.trim(), words]
  })
}

function columns(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right.replaceAll('`', '')}\n`).join('')
}
