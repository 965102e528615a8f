/** Reads the modules of interceptors: files as they are then, packages once in a process. */
import { statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'

export class Modules {
  readonly #folder: string
  /** The state in which each file was when it was first read. */
  readonly #first = new Map<string, string>()

  /** @param folder where package names are looked up first */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Tells one state of a file from another; `undefined` for a package. */
  version(module: string): string | undefined {
    if (!isAbsolute(module)) return undefined
    const { mtimeMs, size } = statSync(module, { throwIfNoEntry: false }) ?? {}
    return `${mtimeMs}-${size}`
  }

  async read(module: string): Promise<{ default?: unknown }> {
    const version = this.version(module)
    if (version === undefined) return importPackage(module, this.#folder)
    const first = this.#first.get(module) ?? version
    this.#first.set(module, first)
    const { href } = pathToFileURL(module)
    // Node keeps what it has read by its URL, a failure too: whoever mends a file could never reload it.
    return import(version === first ? href : `${href}?version=${version}`)
  }
}

/** As a module in that folder would import it, else as one of Sidelight's own would. */
async function importPackage(name: string, folder: string): Promise<{ default?: unknown }> {
  const parentURL = pathToFileURL(join(folder, 'sidelight.yaml')).href
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== name || context.parentURL !== import.meta.url) return next(specifier, context)
      try {
        return next(specifier, { ...context, parentURL })
      } catch (error) {
        try {
          // The place given above would stay in force if it were not named anew.
          return next(specifier, { ...context, parentURL: import.meta.url })
        } catch {
          throw error
        }
      }
    },
  })
  try {
    return await import(name)
  } finally {
    hooks.deregister()
  }
}
