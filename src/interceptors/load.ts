/** Loads the interceptors of the configuration from their modules. */
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Link } from '../exchange/chain.ts'
import type { Interceptor } from '../exchange/interceptor.ts'

export interface ModuleSettings {
  /** An absolute path or a package name. */
  readonly module: string
  /** Overrides the module's own name, so that one module may serve twice. */
  readonly name: string | undefined
  readonly options: Readonly<Record<string, unknown>>
  readonly failOpen: boolean
  readonly mutates: boolean
}

/** What is wrong with the interceptor at `index`; `message` says what to do. */
export class InterceptorLoadError extends Error {
  readonly index: number

  constructor(index: number, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.index = index
  }
}

const PHASES = ['onRequest', 'onResponse', 'onEnd'] as const

/** Throws an `InterceptorLoadError` for the first module that cannot serve. */
export async function loadInterceptors(settings: readonly ModuleSettings[]): Promise<Link[]> {
  const links: Link[] = []
  for (const [index, { module, name, options, failOpen, mutates }] of settings.entries()) {
    const interceptor = check(await make(module, options, index), index)
    // Not a copy: an interceptor may be an instance with methods on its prototype.
    if (name !== undefined) Object.defineProperty(interceptor, 'name', { value: name, enumerable: true })
    links.push({ interceptor, failOpen, mutates })
  }
  return links
}

async function make(module: string, options: Readonly<Record<string, unknown>>, index: number): Promise<unknown> {
  let loaded: { default?: unknown }
  try {
    loaded = (await import(isAbsolute(module) ? pathToFileURL(module).href : module)) as { default?: unknown }
  } catch (cause) {
    throw new InterceptorLoadError(index, `${module} cannot be loaded: ${(cause as Error).message}`, { cause })
  }
  const factory = loaded.default
  if (typeof factory !== 'function') {
    throw new InterceptorLoadError(index, `${module} must export a function as default that returns an interceptor`)
  }
  try {
    return await (factory as (options: unknown) => unknown)(options)
  } catch (cause) {
    throw new InterceptorLoadError(index, `${module} refused its options: ${(cause as Error).message}`, { cause })
  }
}

function check(made: unknown, index: number): Interceptor {
  if (typeof made !== 'object' || made === null)
    throw new InterceptorLoadError(index, 'the factory must return an object')
  const { name } = made as { name?: unknown }
  if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name)) {
    throw new InterceptorLoadError(index, 'the interceptor needs a name of letters, digits, "_", "-" and "."')
  }
  for (const phase of PHASES) {
    const value = (made as Record<string, unknown>)[phase]
    if (value !== undefined && typeof value !== 'function') {
      throw new InterceptorLoadError(index, `${name}.${phase} must be a function`)
    }
  }
  return made as Interceptor
}
