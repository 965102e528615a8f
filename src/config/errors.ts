/** What can be wrong with a configuration, and how a place in it is written. */

export interface ConfigError {
  /** Where: `routes[1].path`, `--port`, `SIDELIGHT_PORT`, `gateway.yaml:3:7`. */
  readonly path: string
  /** What is wrong, to be read after the path: `is missing`. */
  readonly message: string
  /** What to do about it. */
  readonly hint: string | undefined
}

/** Every error of a configuration that cannot be put in force. */
export class ConfigRefusedError extends Error {
  readonly errors: readonly ConfigError[]

  constructor(errors: readonly ConfigError[]) {
    super('the configuration is refused')
    this.errors = errors
  }
}

/** The path of `key` inside `path`: `a.b`, `a[1]`, `a["b c"]`. */
export function at(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`
  if (!/^[\w-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}

/** Whether one of the errors is at `path` or inside it. */
export function faulty(errors: readonly ConfigError[], path: string): boolean {
  return errors.some((e) => e.path === path || e.path.startsWith(`${path}.`) || e.path.startsWith(`${path}[`))
}
