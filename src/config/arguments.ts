/** Reads the command line. */
import { parseArgs } from 'node:util'
import type { ConfigError } from './errors.ts'
import { flags, type Given, valuesOf } from './flags.ts'
import { nearest } from './suggest.ts'

export type Command = 'run' | 'check' | 'schema' | 'help' | 'version'

export interface Arguments {
  readonly command: Command
  readonly given: readonly Given[]
  readonly errors: readonly ConfigError[]
}

const switches = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const
const valued = flags.map(({ name }) => `--${name}`)
const known = [...valued, ...Object.keys(switches).map((name) => `--${name}`)]

/** @param argv the arguments after the script's name */
export function readArguments(argv: readonly string[]): Arguments {
  const options = Object.fromEntries(flags.map(({ name }) => [name, { type: 'string' }] as const))
  // A flag is no flag's value: without this, `--host --port 1` would take `--port` for a host and lose it.
  const args = argv.map((arg, i) => (valued.includes(arg) && (argv[i + 1] ?? '-').startsWith('-') ? `${arg}=` : arg))
  // Strict parsing stops at the first fault; the tokens let every fault be told.
  const { tokens } = parseArgs({ args, options: { ...options, ...switches }, strict: false, tokens: true })
  const given = new Map<string, Given>()
  const errors: ConfigError[] = []
  const positionals: string[] = []
  let asked: Command | undefined
  // The word after an unknown flag is likely its value, and no fault of its own.
  let blamed = -1
  for (const token of tokens) {
    if (token.kind === 'positional' && token.index !== blamed) positionals.push(token.value)
    if (token.kind !== 'option') continue
    const flag = flags.find(({ name }) => name === token.name)
    if (flag === undefined) {
      if (token.name === 'help' || token.name === 'version') asked ??= token.name
      else {
        if (!token.inlineValue) blamed = token.index + 1
        errors.push(unknownFlag(token.rawName))
      }
    } else if (!token.value) {
      errors.push({ path: token.rawName, message: 'needs a value', hint: `${token.rawName} ${flag.value}` })
    } else {
      const earlier = given.get(flag.name)?.values ?? []
      given.set(flag.name, { flag, label: token.rawName, values: [...earlier, ...valuesOf(flag, token.value)] })
    }
  }
  const command = readCommand(positionals, given, errors)
  return { command: asked ?? command, given: [...given.values()], errors }
}

function readCommand(
  [word, file, ...rest]: readonly string[],
  given: Map<string, Given>,
  errors: ConfigError[],
): Command {
  if (word === undefined) return 'run'
  if (word !== 'check' && word !== 'schema') {
    errors.push({ path: word, message: 'is not a command', hint: commandHint(word) })
    return 'run'
  }
  const surplus = word === 'schema' && file !== undefined ? [file, ...rest] : rest
  const message = `is one argument too many for ${word}`
  errors.push(...surplus.map((path) => ({ path, message, hint: 'remove it' })))
  const flag = flags.find(({ name }) => name === 'config')
  if (word === 'check' && file !== undefined && flag) given.set(flag.name, { flag, label: 'check', values: [file] })
  return word
}

function commandHint(word: string): string {
  if (/^https?:/i.test(word)) return `to stand in front of it: --upstream ${word}`
  const meant = nearest(word, ['check', 'schema'])
  return meant ? `did you mean ${meant}?` : 'the commands are check FILE and schema; everything else is a flag'
}

function unknownFlag(flag: string): ConfigError {
  const meant = nearest(flag, known)
  return {
    path: flag,
    message: 'is not a known flag',
    hint: meant ? `did you mean ${meant}?` : 'sidelight --help lists them',
  }
}
