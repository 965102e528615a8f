/** Turns a JSON log line into one for people at a terminal. */

/** `2026-01-01T00:00:00.000Z WARN  [upstream] what happened  key=value …`, and below it the stack of an error. */
export function consoleLine(json: string): string {
  const { level, time, module, msg, ...fields } = JSON.parse(json) as Record<string, unknown>
  const stacks: string[] = []
  const told = Object.entries(fields).map(([key, value]) => `${plain(key)}=${shown(value, stacks)}`)
  const head = `${time} ${String(level).toUpperCase().padEnd(5)} [${plain(String(module))}] ${printable(String(msg ?? ''))}`
  return `${[told.length === 0 ? head : `${head}  ${told.join(' ')}`, ...stacks].join('\n')}\n`
}

function shown(value: unknown, stacks: string[]): string {
  if (typeof value === 'string') return plain(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (!('stack' in value) || typeof value.stack !== 'string') return printable(JSON.stringify(value))
  const { stack, ...rest } = value
  for (const line of stack.split('\n')) stacks.push(`    ${printable(line.trim())}`)
  return printable(JSON.stringify(rest))
}

/** In quotes unless it is one plain word. */
const plain = (text: string): string => (/^[\w.:/@+*-]+$/.test(text) ? text : printable(JSON.stringify(text)))

/** A terminal obeys control characters, also those that JSON leaves as they are, and so must none of them reach it. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapeCharacter)

const escapeCharacter = (char: string): string => `\\u{${(char.codePointAt(0) as number).toString(16)}}`
