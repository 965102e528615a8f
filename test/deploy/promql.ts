/** Reads from a PromQL expression which metrics it asks for, by which labels, and what it groups by. */

export interface Selector {
  readonly metric: string
  readonly matchers: readonly Matcher[]
}

export interface Matcher {
  readonly label: string
  readonly operator: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

export interface Uses {
  readonly selectors: readonly Selector[]
  /** Labels in by, without, on, ignoring, group_left and group_right. */
  readonly grouping: readonly string[]
}

const TOKEN =
  /\s+|#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[[^\]]*\]|\d[\w.]*|\.\d+|[a-zA-Z_:][\w:]*|=~|!~|!=|==|>=|<=|[-+*/%^<>=(){},@]/gy

const GROUPING = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'])
const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'start', 'end', 'inf', 'nan', ...GROUPING])

/** Throws at what it cannot read, so that nothing is overlooked. */
export function usesOf(expression: string): Uses {
  const tokens = tokensOf(expression)
  const selectors: Selector[] = []
  const grouping: string[] = []
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as string
    if (token === '{') throw new Error(`a selector without a name in ${expression}`)
    if (!/^[a-zA-Z_:]/.test(token)) continue
    const next = tokens[at + 1]
    const close = next === '{' ? '}' : ')'
    if (GROUPING.has(token) && next === '(') {
      const end = tokens.indexOf(close, at)
      grouping.push(...tokens.slice(at + 2, end).filter((label) => label !== ','))
      at = end
    } else if (next === '{') {
      const end = tokens.indexOf(close, at)
      selectors.push({ metric: token, matchers: matchersOf(tokens.slice(at + 2, end)) })
      at = end
    } else if (next !== '(' && !WORDS.has(token.toLowerCase()) && !isFollowedByGrouping(token, next)) {
      selectors.push({ metric: token, matchers: [] })
    }
  }
  return { selectors, grouping }
}

/** `sum by (…) (…)`: the operator is no metric. */
const isFollowedByGrouping = (token: string, next: string | undefined): boolean =>
  (next === 'by' || next === 'without') && /^[a-z_]+$/.test(token)

function tokensOf(expression: string): string[] {
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < expression.length) {
    const from = TOKEN.lastIndex
    const [token] = TOKEN.exec(expression) ?? []
    if (token === undefined) throw new Error(`unreadable at ${expression.slice(from, from + 20)}`)
    if (!/^[\s#]/.test(token)) tokens.push(token)
  }
  // A duration after offset is read like a number: nothing of it looks like a name.
  return tokens
}

function matchersOf(tokens: readonly string[]): Matcher[] {
  const matchers: Matcher[] = []
  for (let at = 0; at < tokens.length; at += 4) {
    const [label, operator, quoted, comma = ','] = tokens.slice(at, at + 4)
    if (label === undefined || quoted === undefined || comma !== ',')
      throw new Error(`odd matchers ${tokens.join(' ')}`)
    matchers.push({ label, operator: operator as Matcher['operator'], value: quoted.slice(1, -1) })
  }
  return matchers
}
