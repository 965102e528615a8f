/** Decompresses a response body beside the stream, for inspection only: what cannot be kept up with is given up, never awaited. */
import { type Coding, parseCodings } from './content-coding.ts'
import { DecodingStage } from './decoding-stage.ts'

/**
 * `complete`: everything was decoded. `unsupported`: no coding of ours. `limit`: too much output for the input, or
 * decoding fell behind. `corrupt`: not what the coding says, or cut off.
 */
export type InflateResult = 'complete' | 'unsupported' | 'limit' | 'corrupt'

export interface InflateOptions {
  /** Output may be this many times the input so far … */
  readonly ratio: number
  /** … or this many bytes, whichever is more. */
  readonly bytes: number
}

export interface Inflater {
  /** The next compressed chunk, kept without a copy until it is decoded. Never throws, never asks the caller to wait. */
  push(chunk: Buffer): void
  /** The compressed body is over; `onEnd` follows, mostly later. */
  end(): void
  /** Frees everything; neither callback comes any more. */
  destroy(): void
}

/**
 * `undefined` when there is nothing to undo (no coding, or only `identity`). `onEnd` comes once, possibly during `push`
 * or `end` but never during creation, and nothing comes after it. Neither callback may throw: most calls come from the
 * event loop.
 */
export function createInflater(
  contentEncoding: string,
  options: InflateOptions,
  onData: (chunk: Buffer) => void,
  onEnd: (result: InflateResult) => void,
): Inflater | undefined {
  const codings = parseCodings(contentEncoding)
  if (codings === undefined) return new Refusal(onEnd)
  if (codings.length === 0) return undefined
  return new StagedInflater(codings, options, onData, onEnd)
}

/** A coding that nobody here can undo: says so as soon as there is something to undo. */
class Refusal implements Inflater {
  #onEnd: ((result: InflateResult) => void) | undefined

  constructor(onEnd: (result: InflateResult) => void) {
    this.#onEnd = onEnd
  }

  push(): void {
    const onEnd = this.#onEnd
    this.#onEnd = undefined
    onEnd?.('unsupported')
  }

  end(): void {
    this.push()
  }

  destroy(): void {
    this.#onEnd = undefined
  }
}

class StagedInflater implements Inflater {
  readonly #options: InflateOptions
  readonly #stages: DecodingStage[] = []
  readonly #first: DecodingStage
  #onData: ((chunk: Buffer) => void) | undefined
  #onEnd: ((result: InflateResult) => void) | undefined
  #input = 0

  constructor(
    codings: readonly Coding[],
    options: InflateOptions,
    onData: (chunk: Buffer) => void,
    onEnd: (result: InflateResult) => void,
  ) {
    this.#options = options
    this.#onData = onData
    this.#onEnd = onEnd
    // Built from the last one, since each feeds the next.
    let next: DecodingStage | undefined
    for (const coding of codings.toReversed()) {
      next = this.#stage(coding, next)
      this.#stages.unshift(next)
    }
    this.#first = next as DecodingStage
  }

  push(chunk: Buffer): void {
    this.#input += chunk.length
    this.#first.push(chunk)
  }

  end(): void {
    this.#first.end()
  }

  destroy(): void {
    this.#onData = undefined
    this.#onEnd = undefined
    for (const stage of this.#stages) stage.destroy()
  }

  #stage(coding: Coding, next: DecodingStage | undefined): DecodingStage {
    // Each stage is held to the cap: a bomb inside another must not even be unpacked halfway.
    let output = 0
    return new DecodingStage(coding, {
      data: (chunk) => {
        output += chunk.length
        const { bytes, ratio } = this.#options
        if (output > Math.max(bytes, ratio * this.#input)) this.#finish('limit')
        else if (next === undefined) this.#onData?.(chunk)
        else next.push(chunk)
      },
      end: (result) => {
        if (result === 'complete' && next !== undefined) next.end()
        else this.#finish(result)
      },
    })
  }

  #finish(result: InflateResult): void {
    const onEnd = this.#onEnd
    this.destroy()
    onEnd?.(result)
  }
}
