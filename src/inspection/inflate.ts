/** Decompresses a response body beside the stream, for inspection only: what cannot be kept up with is given up, never awaited. */

export type InflateResult = 'complete' | 'unsupported' | 'limit' | 'corrupt'

export interface InflateOptions {
  /** Output may be this many times the input so far … */
  readonly ratio: number
  /** … or this many bytes, whichever is more. */
  readonly bytes: number
}

export interface Inflater {
  /** Takes a copy-free look at the next compressed chunk; never throws and never asks the caller to wait. */
  push(chunk: Buffer): void
  /** The compressed body is over; `onEnd` follows. */
  end(): void
  /** Stops without `onEnd` and frees everything. */
  destroy(): void
}

/** `undefined` when there is nothing to inflate (no coding, or only `identity`); an unknown coding ends as `unsupported`. */
export function createInflater(
  contentEncoding: string,
  options: InflateOptions,
  onData: (chunk: Buffer) => void,
  onEnd: (result: InflateResult) => void,
): Inflater | undefined {
  void [contentEncoding, options, onData, onEnd]
  return undefined
}
