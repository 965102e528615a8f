/** Reads the command line. */
import { parseArgs } from 'node:util'
import { type CommandFlag, type CommandName, commandFlags, commandNamed, commands } from './commands.ts'
import type { ConfigError } from './errors.ts'
import { type Flag, flags, type Given, valuesOf } from './flags.ts'
import { nearest } from './suggest.ts'

export type Command = CommandName | 'help' | 'version'

/** A command's own flags, by name; a switch is empty. */
export type CommandOptions = Readonly<Record<string, string>>

export interface Arguments {
  readonly command: Command
  /** The command that is named beside `--help`, or the same as `command`. */
  readonly topic: CommandName
  readonly options: CommandOptions
  readonly given: readonly Given[]
  readonly errors: readonly ConfigError[]
}

const switches = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const
const named: readonly (Flag | CommandFlag)[] = [...flags, ...commandFlags]
const valued = named.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`)
const known = [...named.map(({ name }) => name), ...Object.keys(switches)].map((name) => `--${name}`)
const types = named.map(({ name, value }) => [name, { type: value === undefined ? 'boolean' : 'string' }] as const)

/** @param argv the arguments after the script's name */
export function readArguments(argv: readonly string[]): Arguments {
  // A flag is no flag's value: without this, `--host --port 1` would take `--port` for a host and lose it.
  const args = argv.map((arg, i) => (valued.includes(arg) && (argv[i + 1] ?? '-').startsWith('-') ? `${arg}=` : arg))
  // Strict parsing stops at the first fault; the tokens let every fault be told.
  const options = { ...Object.fromEntries(types), ...switches }
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true })
  const given = new Map<string, Given>()
  const own = new Map<string, { label: string; value: string }>()
  const errors: ConfigError[] = []
  const positionals: string[] = []
  let asked: Command | undefined
  // The word after an unknown flag is likely its value, and no fault of its own.
  let blamed = -1
  for (const token of tokens) {
    if (token.kind === 'positional' && token.index !== blamed) positionals.push(token.value)
    if (token.kind !== 'option') continue
    const flag = named.find(({ name }) => name === token.name)
    const label = token.rawName
    if (flag === undefined) {
      if (token.name === 'help' || token.name === 'version') asked ??= token.name
      else {
        if (!token.inlineValue) blamed = token.index + 1
        errors.push(unknownFlag(label))
      }
    } else if (flag.value === undefined && token.value !== undefined) {
      errors.push({ path: label, message: 'takes no value', hint: `only ${label}` })
    } else if (flag.value !== undefined && !token.value) {
      errors.push({ path: label, message: 'needs a value', hint: `${label} ${flag.value}` })
    } else if (isSetting(flag)) {
      const earlier = given.get(flag.name)?.values ?? []
      given.set(flag.name, { flag, label, values: [...earlier, ...valuesOf(flag, token.value ?? 'true')] })
    } else own.set(flag.name, { label, value: token.value ?? '' })
  }
  const command = readCommand(positionals, given, errors)
  const accepted = commandNamed(command).flags.map(({ name }) => name)
  for (const [name, { label }] of own) if (!accepted.includes(name)) errors.push(strayFlag(name, label))
  return {
    command: asked ?? command,
    topic: command,
    options: Object.fromEntries([...own].map(([name, { value }]) => [name, value])),
    given: [...given.values()],
    errors,
  }
}

function isSetting(flag: Flag | CommandFlag): flag is Flag {
  return 'variable' in flag
}

function readCommand(
  [word, ...rest]: readonly string[],
  given: Map<string, Given>,
  errors: ConfigError[],
): CommandName {
  if (word === undefined) return 'run'
  const command = commands.find(({ name }) => name === word)
  if (command === undefined) {
    errors.push({ path: word, message: 'is not a command', hint: commandHint(word) })
    return 'run'
  }
  const file = command.operand === undefined ? undefined : rest[0]
  const surplus = command.operand === undefined ? rest : rest.slice(1)
  const message = `is one argument too many for ${word}`
  errors.push(...surplus.map((path) => ({ path, message, hint: 'remove it' })))
  const flag = flags.find(({ name }) => name === 'config')
  if (file !== undefined && flag) given.set(flag.name, { flag, label: word, values: [file] })
  return command.name
}

function commandHint(word: string): string {
  if (/^https?:/i.test(word)) return `to stand in front of it: --upstream ${word}`
  const words = commands.map(({ name }) => name)
  const meant = nearest(word, words)
  return meant ? `did you mean ${meant}?` : `the commands are ${words.join(', ')}; everything else is a flag`
}

function unknownFlag(flag: string): ConfigError {
  const meant = nearest(flag, known)
  return {
    path: flag,
    message: 'is not a known flag',
    hint: meant ? `did you mean ${meant}?` : 'sidelight --help lists them',
  }
}

function strayFlag(name: string, path: string): ConfigError {
  const owners = commands.filter(({ flags: own }) => own.some((flag) => flag.name === name))
  const hint = owners.map((owner) => `sidelight ${owner.name} ${path}`).join(' or ')
  return { path, message: 'is no flag of this command', hint }
}
