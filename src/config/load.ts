/** Loads the configuration: flags over environment over file over defaults. */
import { dirname, resolve } from 'node:path'
import { type Arguments, type Command, type CommandOptions, readArguments } from './arguments.ts'
import { checkConfig } from './checks.ts'
import { checkTokens } from './checks-admin.ts'
import type { CommandName } from './commands.ts'
import { type Config, resolveSettings } from './config.ts'
import { readEnvironment } from './environment.ts'
import { at, type ConfigError, faulty } from './errors.ts'
import { checkFiles, readDocument } from './file.ts'
import { type Given, placementsOf } from './flags.ts'
import { labelOf, overlay, type Placement, underlay } from './placement.ts'
import { settings } from './settings.ts'
import { passthrough } from './settings-upstreams.ts'
import { type Environment, substitute } from './substitute.ts'
import { readTelemetryEnvironment } from './telemetry-environment.ts'
import { type Reading, walk } from './walk.ts'

export interface Start {
  /** The arguments after the script's name. */
  readonly argv: readonly string[]
  readonly env: Environment
  /** What a configuration file's path is relative to. */
  readonly cwd: string
}

export interface Loaded {
  readonly command: Command
  /** The command that help is wanted for, else the same. */
  readonly topic: CommandName
  /** The command's own flags. */
  readonly options: CommandOptions
  /** For `schema`, `help` and `version`: the defaults. */
  readonly config: Config
  /** The configuration file's, or the working directory: what is looked up by a name or a relative path begins here. */
  readonly folder: string
  /** The configuration file's path, if there is one. */
  readonly file?: string | undefined
  readonly warnings: readonly string[]
}

/** Never throws for what a user did, and prints nothing. */
export async function loadConfig({ argv, env, cwd }: Start): Promise<Loaded | { errors: readonly ConfigError[] }> {
  const read = readArguments(argv)
  const { command, topic, options, given: stated, errors: faults } = read
  const plain = { command, topic, options, config: defaults(), folder: cwd, warnings: [] }
  // Whoever asks for help gets it, whatever else is wrong.
  if (command === 'help' || command === 'version') return plain
  if (command === 'schema') return faults.length > 0 ? { errors: faults } : plain
  if (command === 'health' || command === 'top') {
    const { errors, ...found } = await findAdmin(read, env, cwd)
    return errors.length > 0 ? { errors } : { ...plain, ...found }
  }

  const variables = readEnvironment(env)
  const given = [...stated, ...variables.given.filter(({ flag }) => !stated.some((s) => s.flag === flag))]
  const telemetry = readTelemetryEnvironment(env)
  const errors = [...faults, ...variables.errors, ...telemetry.errors]
  const named = given.find(({ flag }) => flag.name === 'config')?.values.at(-1)
  if (command === 'check' && named === undefined) {
    errors.push({ path: 'check', message: 'needs a file', hint: 'sidelight check FILE' })
  }
  const source = named === undefined ? { document: {} } : await readDocument(resolve(cwd, named), named)
  const file = named === undefined ? undefined : resolve(cwd, named)
  const folder = file === undefined ? cwd : dirname(file)
  const over = [...telemetry.standard, ...placementsOf(given)]
  const { aliases } = telemetry
  const outcome = await readSettings('errors' in source ? {} : source.document, {
    given,
    over,
    under: aliases,
    env,
    folder,
  })
  if ('errors' in source) {
    // Without the file, only what flags and variables say can be judged.
    const labels = [...given, ...over, ...aliases].map(({ label }) => label)
    const own = outcome.errors.filter(({ path }) => labels.some((label) => path.startsWith(label)))
    return { errors: [...errors, ...source.errors, ...own] }
  }
  errors.push(...outcome.errors)
  if (errors.length > 0) return { errors }
  const unwatched = outcome.config.reload.watch && file === undefined
  const warnings = [...variables.warnings, ...telemetry.warnings, ...outcome.warnings]
  if (unwatched) warnings.push('reload.watch: has no effect, there is no configuration file')
  return { command, topic, options, config: outcome.config, folder, file, warnings }
}

/**
 * Where the admin listener of a running gateway is, and nothing else: a file that became faulty under it must not make it
 * look dead.
 */
async function findAdmin({ given: stated, options, errors: faults }: Arguments, env: Environment, cwd: string) {
  const variables = readEnvironment(env).given
  const given = [...stated, ...variables.filter(({ flag }) => !stated.some((s) => s.flag === flag))]
  const named = options.url === undefined ? given.find(({ flag }) => flag.name === 'config')?.values.at(-1) : undefined
  const source = named === undefined ? { document: {} } : await readDocument(resolve(cwd, named), named)
  const { admin = {} } = ('document' in source ? source.document : {}) as { admin?: { host?: unknown; port?: unknown } }
  const { host, port } = admin ?? {}
  const own = { ...(host !== undefined && { host }), ...(port !== undefined && { port }) }
  const over = placementsOf(given).filter(({ setting: [first] }) => first === 'admin')
  const read = await readSettings({ admin: own, listen: { port: 0 } }, { given: [], over, under: [], env, folder: cwd })
  const unread = 'errors' in source ? source.errors.map(({ path, message }) => `${path}: ${message}`) : []
  return { config: read.config, warnings: unread, errors: [...faults, ...read.errors] }
}

interface Sources {
  readonly given: readonly Given[]
  /** Over the file, and under it. */
  readonly over: readonly Placement[]
  readonly under: readonly Placement[]
  readonly env: Environment
  readonly folder: string
}

async function readSettings(source: unknown, { given, over, under, env, folder }: Sources) {
  const substituted = substitute(source, env)
  const overlaid = overlay(substituted.document, over)
  const { document, labels: weak } = underlay(overlaid.document, under)
  const labels = new Map([...weak, ...overlaid.labels])
  // A value that is overridden, or could not be substituted, needs no further complaint.
  const unset = substituted.errors.filter(({ path }) => !labels.has(path))
  const texts = { has: (path: string) => labels.has(path) || substituted.texts.has(path) }
  const reading: Reading = { folder, texts, errors: [], files: [] }
  const values = walk(settings, document, '', reading)
  const errors = [...unset, ...reading.errors.filter(({ path }) => !unset.some((error) => error.path === path))]

  const extra = given.find(({ flag }) => flag.name === 'passthrough')
  const beside = extra ? walk(passthrough, extra.values, extra.label, { ...reading, errors }) : []
  const config = resolveSettings(values, beside, errors)
  const implied = values.routes.length === 0 && config.routes.length > 0
  if (extra && implied)
    for (const i of config.routes[0]!.passthrough.keys()) labels.set(at('routes[0].passthrough', i), extra.label)

  const warnings = checkConfig(config, errors)
  if (extra && !implied) warnings.push(`${extra.label}: has no effect, it is for the route that --upstream implies`)
  errors.push(...(await checkFiles(reading.files)))
  errors.push(...(await tlsErrors(config, errors)))
  if (!faulty(reading.errors, 'admin')) errors.push(...(await checkTokens(config)))
  const told = errors.map((error) => ({ ...error, path: labelOf(labels, error.path) ?? error.path }))
  return { config, warnings, errors: once(told) }
}

/** What reads certificates is loaded only where there are some: `sidelight health` runs every few seconds. */
async function tlsErrors(config: Config, errors: readonly ConfigError[]): Promise<ConfigError[]> {
  if (!Object.values(config.upstreams).some(({ url }) => /^https:/i.test(url))) return []
  const { checkTlsFiles } = await import('./checks-tls.ts')
  return checkTlsFiles(config, errors)
}

/** One variable may set several settings: its fault is told once. */
function once(errors: readonly ConfigError[]): ConfigError[] {
  return errors.filter(
    ({ path, message }, i) => i === errors.findIndex((e) => e.path === path && e.message === message),
  )
}

function defaults(): Config {
  return resolveSettings(walk(settings, {}, '', { folder: '', texts: new Set(), errors: [], files: [] }), [], [])
}
