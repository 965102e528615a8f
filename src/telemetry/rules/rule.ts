/** What a metric rule says, as the configuration has it: which calls it is about, what it records, and by which labels. */
import type { Outcome } from '../../exchange/outcome.ts'

/** Where in a call a pointer begins: `params.arguments`, `params._meta`, `result.structuredContent`, `result`. */
export const BODY_PARTS = ['arguments', 'meta', 'structuredContent', 'result'] as const
export type BodyPart = (typeof BODY_PARTS)[number]

/** What a label may hold that is of a closed or learned set already. */
export const BUILT_IN_LABELS = ['upstream', 'method', 'tool', 'prompt', 'outcome', 'errorType', 'revision'] as const
export type BuiltInLabel = (typeof BUILT_IN_LABELS)[number]

export interface Pointed {
  readonly from: BodyPart
  /** A JSON Pointer (RFC 6901) that is valid. */
  readonly pointer: string
}

export type RuleValue = 1 | 'duration' | 'requestBytes' | 'responseBytes' | Pointed

export interface RuleLabel {
  readonly from: BodyPart | BuiltInLabel
  /** Of a body part. */
  readonly pointer?: string | undefined
  /** Of a body part: the values that are labels; any other is `_other`. */
  readonly values?: readonly string[] | undefined
}

export interface Rule {
  /** Of the metric, in OpenTelemetry's form. */
  readonly name: string
  readonly kind: 'counter' | 'histogram'
  /** UCUM; unset, what follows from the value. */
  readonly unit?: string | undefined
  readonly help: string
  /** What is unset matches all. */
  readonly match: {
    readonly upstream?: string | undefined
    readonly method?: string | undefined
    /** With `*` for any characters. */
    readonly tool?: string | undefined
    readonly outcome?: readonly Outcome[] | undefined
  }
  readonly value: RuleValue
  readonly labels: Readonly<Record<string, RuleLabel>>
  /** Unset, what follows from the value. */
  readonly buckets?: readonly number[] | undefined
}

export const isBodyPart = (from: RuleLabel['from']): from is BodyPart =>
  (BODY_PARTS as readonly string[]).includes(from)

/** Whether it stands in the response. */
export const isOfResponse = (from: RuleLabel['from']): boolean => from === 'structuredContent' || from === 'result'
