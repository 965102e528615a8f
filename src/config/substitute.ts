/** Puts environment variables into a document: `${NAME}` and `${NAME:-default}` in its strings; `$${` stands for `${`. */
import { at, type ConfigError } from './errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Substituted {
  readonly document: unknown
  /** Paths of the strings in which something was put: they may stand for a number or a boolean. */
  readonly texts: ReadonlySet<string>
  readonly errors: readonly ConfigError[]
}

export function substitute(document: unknown, env: Environment): Substituted {
  const texts = new Set<string>()
  const errors: ConfigError[] = []
  return { document: visit(document, '', []), texts, errors }

  function visit(value: unknown, path: string, above: readonly unknown[]): unknown {
    if (typeof value === 'string') return text(value, path)
    if (typeof value !== 'object' || value === null) return value
    if (above.includes(value)) {
      errors.push({ path, message: 'contains itself', hint: 'an alias must not stand inside its own anchor' })
      return null
    }
    const around = [...above, value]
    if (Array.isArray(value)) return value.map((item, i) => visit(item, at(path, i), around))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, visit(inner, at(path, key), around)]))
  }

  function text(value: string, path: string): string {
    return value.replace(/\$\$\{|\$\{([^}]*)\}?/g, (whole: string, inside: string | undefined) => {
      if (inside === undefined) return '${'
      texts.add(path)
      const [, name, , otherwise] = /^([A-Za-z_]\w*)(:-(.*))?$/s.exec(whole.endsWith('}') ? inside : '') ?? []
      const found = name === undefined ? undefined : env[name]
      // As in a shell, `:-` also replaces an empty variable.
      if (found !== undefined && (found !== '' || otherwise === undefined)) return found
      if (otherwise !== undefined) return otherwise
      const message = name
        ? `needs the environment variable ${name}, which is not set`
        : `holds ${whole}, which is no variable`
      const hint = name
        ? `set it, or give a default: \${${name}:-…}`
        : `write \${NAME} or \${NAME:-default}, or $\${ for a plain \${`
      errors.push({ path, message, hint })
      return ''
    })
  }
}
