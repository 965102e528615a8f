/** Reads the modules of interceptors: files as they are then, packages once in a process. */
import { statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Wait } from './load-limit.ts'

export class Modules {
  readonly #folder: string
  /** The state in which each file was when it was first read. */
  readonly #first = new Map<string, string>()
  /** URLs of what is being read, has failed, or was given up: Node answers them with the same for ever. */
  readonly #useless = new Set<string>()

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

  /** One after the other. */
  async read(module: string, wait: Wait): Promise<{ default?: unknown }> {
    const version = this.version(module)
    if (version === undefined) return importPackage(module, this.#folder, wait)
    const first = this.#first.get(module) ?? version
    this.#first.set(module, first)
    const url = pathToFileURL(module)
    // Node keeps what it has read by its URL, a failure too: whoever mends a file could never reload it.
    if (version !== first) url.searchParams.set('version', version)
    // Also of a file that nobody has changed: what it waits for may be there by now.
    for (let copy = 2; this.#useless.has(url.href); copy++) url.searchParams.set('copy', String(copy))
    return wait(this.#import(url.href))
  }

  async #import(href: string): Promise<{ default?: unknown }> {
    this.#useless.add(href)
    const loaded = await import(href)
    this.#useless.delete(href)
    return loaded
  }
}

/** As a module in that folder would import it, else as one of Sidelight's own would. */
async function importPackage(name: string, folder: string, wait: Wait): Promise<{ default?: unknown }> {
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
    return await wait(import(name))
  } finally {
    hooks.deregister()
  }
}
