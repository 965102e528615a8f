/** Words configuration errors for people at a terminal. */
import type { ConfigError } from './errors.ts'

/** One block an error: where, what is wrong, what to do. */
export function formatErrors(errors: readonly ConfigError[]): string {
  const count = errors.length === 1 ? 'an error' : `${errors.length} errors`
  const blocks = errors.map(({ path, message, hint }) => {
    const lines = hint === undefined ? [message] : [message, `→ ${hint}`]
    return `\n  ${path}\n${lines.map((line) => `    ${line}\n`).join('')}`
  })
  return `sidelight: ${count} in the configuration\n${blocks.join('')}`
}
