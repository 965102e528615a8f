/** What several views read from the labels of operations. */
import type { LabelOf, Part } from './derivation.ts'

export const OPERATIONS = 'mcp.server.operation.duration'

export const toolOf = (of: LabelOf): string => of('gen_ai.tool.name')

export const succeeded = (of: LabelOf): boolean => of('outcome') === 'ok'

/** The calls of tools, by whatever labels. */
export const toolCalls = (labels: (of: LabelOf) => readonly string[] | undefined): readonly Part[] => [
  { source: OPERATIONS, labels: (of) => (of('mcp.method.name') === 'tools/call' ? labels(of) : undefined) },
]

/** All series of an instrument, as one. */
export const whole = (source: string): readonly Part[] => [{ source }]

/** An instrument by some of its own labels, in their order. */
export const by = (source: string, ...labels: readonly string[]): readonly Part[] => [
  { source, labels: (of) => labels.map(of) },
]
