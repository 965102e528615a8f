/** Loads the interceptors of the configuration from their modules. */
import { isDeepStrictEqual } from 'node:util'
import type { Link } from '../exchange/chain.ts'
import type { Interceptor } from '../exchange/interceptor.ts'
import { LOAD_LIMIT_MS, UnsettledError, type Wait, waitFor } from './load-limit.ts'
import { Modules } from './modules.ts'

export interface ModuleSettings {
  /** An absolute path or a package name. */
  readonly module: string
  /** Overrides the module's own name, so that one module may serve twice. */
  readonly name: string | undefined
  readonly options: Readonly<Record<string, unknown>>
  readonly failOpen: boolean
  readonly mutates: boolean
}

/** An interceptor, and what it was made from. */
export interface LoadedLink extends Link {
  readonly settings: ModuleSettings
  /** The state of its file when it was made; `undefined` for a package. */
  readonly version: string | undefined
}

/** What is wrong with the interceptor at `index`; `message` says what to do. */
export interface LoadFault {
  readonly index: number
  readonly message: string
}

/** Some interceptors cannot serve. */
export class InterceptorLoadError extends Error {
  readonly faults: readonly LoadFault[]

  constructor(faults: readonly LoadFault[]) {
    super(faults.map(({ message }) => message).join('; '))
    this.faults = faults
  }
}

/** Those of stack.ts: two of one name would share their series. */
const BUILT_IN: ReadonlySet<string> = new Set([
  'access_log',
  'correlation',
  'guard',
  'inspection',
  'metric_rules',
  'metrics',
  'public_url',
  'trace_meta',
  'tracing',
])
const PHASES = ['onRequest', 'onResponse', 'onMessage', 'onEnd'] as const
const MEANT = /^on([A-Z]|request|response|end)/

/**
 * Throws an `InterceptorLoadError` that names every module that cannot serve.
 * @param modules or the folder where package names are looked up first: that of the configuration file
 * @param before those that run: one whose module, name and options are the same goes on as it is, with what it holds.
 * Unset, the gateway is starting
 * @param limit milliseconds that a module may take, and its factory again
 */
export async function loadInterceptors(
  settings: readonly ModuleSettings[],
  modules: Modules | string,
  before?: readonly LoadedLink[],
  limit = LOAD_LIMIT_MS,
): Promise<LoadedLink[]> {
  const from = typeof modules === 'string' ? new Modules(modules) : modules
  const wait = waitFor(limit, before === undefined)
  const links = new Map<string, LoadedLink>()
  const faults: LoadFault[] = []
  for (const [index, entry] of settings.entries()) {
    const { name: given, failOpen, mutates } = entry
    try {
      const running = before?.find((link) => sameMaking(link.settings, entry))
      const version = running === undefined ? from.version(entry.module) : running.version
      const interceptor = running?.interceptor ?? check(await make(entry, from, wait))
      const name = checkName(given ?? interceptor.name)
      if (BUILT_IN.has(name)) throw new Error(`${name} is the name of a built-in interceptor; set "name"`)
      if (links.has(name)) throw new Error(`${name} is the name of another interceptor; set "name"`)
      links.set(name, { interceptor, name, failOpen, mutates, settings: entry, version })
    } catch (error) {
      faults.push({ index, message: reason(error) })
    }
  }
  if (faults.length > 0) throw new InterceptorLoadError(faults)
  return [...links.values()]
}

/** Indexes of those that were made from a file that is another by now. */
export function outdated(links: readonly LoadedLink[], modules: Modules): number[] {
  return [...links.keys()].filter((i) => links[i]?.version !== modules.version(links[i]?.settings.module ?? ''))
}

function sameMaking(a: ModuleSettings, b: ModuleSettings): boolean {
  return a.module === b.module && a.name === b.name && isDeepStrictEqual(a.options, b.options)
}

async function make({ module, options }: ModuleSettings, from: Modules, wait: Wait): Promise<unknown> {
  let loaded: { default?: unknown }
  try {
    loaded = await from.read(module, wait)
  } catch (cause) {
    throw new Error(`${module} ${whyUnloaded(cause)}`, { cause })
  }
  const factory = loaded.default
  if (typeof factory !== 'function') {
    throw new Error(`${module} must export a function as default that returns an interceptor`)
  }
  try {
    return await wait((factory as (options: unknown) => unknown)(options))
  } catch (cause) {
    throw new Error(`${module} ${whyUnmade(cause)}`, { cause })
  }
}

function whyUnloaded(cause: unknown): string {
  if (!(cause instanceof UnsettledError)) return `cannot be loaded: ${reason(cause)}`
  const place = 'look for a top-level await that never settles, in it or in what it imports'
  return `did not finish loading ${cause.message}: ${place}`
}

function whyUnmade(cause: unknown): string {
  if (!(cause instanceof UnsettledError)) return `refused its options: ${reason(cause)}`
  return `did not make its interceptor ${cause.message}: look for a promise in its factory that never settles`
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function checkName(name: unknown): string {
  if (typeof name === 'string' && /^[\w.-]{1,64}$/.test(name)) return name
  throw new Error('the interceptor needs a name of letters, digits, "_", "-" and "."')
}

function check(made: unknown): Interceptor {
  if (typeof made !== 'object' || made === null) throw new Error('the factory must return an object')
  const name = checkName((made as { name?: unknown }).name)
  const phases = PHASES.filter((phase) => (made as Record<string, unknown>)[phase] !== undefined)
  for (const phase of phases) {
    if (typeof (made as Record<string, unknown>)[phase] !== 'function') {
      throw new Error(`${name}.${phase} must be a function`)
    }
  }
  // A misspelled phase would never run, and nothing else would tell.
  const unknown = Object.keys(made).find((key) => MEANT.test(key) && !PHASES.some((phase) => phase === key))
  if (unknown !== undefined) throw new Error(`${name}.${unknown} is no phase: there are ${PHASES.join(', ')}`)
  if (phases.length === 0) throw new Error(`${name} has none of ${PHASES.join(', ')}`)
  return made as Interceptor
}
