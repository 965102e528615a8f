/** The receiving and sending half of one raw socket: buffers what arrives, tells how the peer ended, can hold still. */
import type { Socket } from 'node:net'

/** How a connection ended: the peer's FIN, the peer's RST, or our own doing. */
export type WireEnd = 'fin' | 'rst' | 'local'

export interface WireOptions {
  /** The TCP socket below when `socket` is TLS: only that one can send a RST. */
  readonly below?: Socket
  /** Reading stops while this many bytes wait to be taken. The default never stops, so that an end is seen at once. */
  readonly highWater?: number
}

const RESET_CODES = new Set(['ECONNRESET', 'EPIPE'])

export class Wire {
  readonly socket: Socket
  /** Settles with how the peer ended, or with `local` when our side closed first. Never rejects. */
  readonly ended: Promise<WireEnd>
  end: WireEnd | undefined
  /** Milliseconds of performance.now() when the end was seen. */
  endedAt: number | undefined
  /** The error of the socket, for failures that are neither FIN nor RST (TLS alerts, for example). */
  error: Error | undefined
  bytesReceived = 0
  readonly #below: Socket
  readonly #highWater: number
  #pieces: Buffer[] = []
  #waiting = 0
  #held = false
  #wakers: Array<() => void> = []
  #settle!: (end: WireEnd) => void

  constructor(socket: Socket, options: WireOptions = {}) {
    this.socket = socket
    this.#below = options.below ?? socket
    this.#highWater = options.highWater ?? Number.POSITIVE_INFINITY
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    socket.on('end', () => this.#finish('fin'))
    socket.on('drain', () => this.#wake())
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error
      this.#finish(RESET_CODES.has(error.code ?? '') ? 'rst' : 'local')
    })
    socket.on('close', () => {
      this.#finish('local')
      this.#wake()
    })
    // TLS reports a reset of the socket below it there only.
    if (this.#below !== socket) {
      this.#below.on('error', (error: NodeJS.ErrnoException) => {
        if (RESET_CODES.has(error.code ?? '')) this.#finish('rst')
      })
    }
  }

  /** Bytes that arrived and were not taken yet. */
  get waiting(): number {
    return this.#waiting
  }

  /** Whether bytes can still be written: neither a RST was seen nor our side closed. A peer's FIN alone is no obstacle. */
  get writable(): boolean {
    return this.socket.writable && this.end !== 'rst'
  }

  /** Waits for bytes beyond those waiting; false when none will come any more. */
  async more(): Promise<boolean> {
    const before = this.bytesReceived
    while (this.bytesReceived === before) {
      if (this.end !== undefined) return false
      // Who asks for more than waits (a head longer than the high water, say) gets it.
      if (!this.#held) this.socket.resume()
      await this.#changed()
    }
    return true
  }

  /** All bytes that wait, without taking them. */
  peek(): Buffer {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)]
    return this.#pieces[0] ?? Buffer.alloc(0)
  }

  /** Takes at most `most` of the bytes that wait, from one piece as it came from the socket. */
  take(most: number): Buffer {
    const first = this.#pieces[0]
    if (first === undefined) return Buffer.alloc(0)
    const taken = first.subarray(0, most)
    if (taken.length === first.length) this.#pieces.shift()
    else this.#pieces[0] = first.subarray(taken.length)
    this.#waiting -= taken.length
    this.#flow()
    return taken
  }

  /** Stops reading from the socket (the peer's window fills) until `release`. While held, the peer's end is not seen. */
  hold(): void {
    this.#held = true
    this.socket.pause()
  }

  release(): void {
    this.#held = false
    this.#flow()
  }

  /** Writes and waits while the peer takes nothing. False once the bytes have nowhere to go. Strings are latin1. */
  async write(bytes: Uint8Array | string): Promise<boolean> {
    if (!this.writable) return false
    if (!this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)) {
      while (this.writable && this.socket.writableNeedDrain) await this.#changed()
    }
    return this.writable
  }

  /** Sends FIN after what was written; what the peer still sends is received. */
  fin(): void {
    if (this.socket.writable) this.socket.end()
  }

  /** Sends RST: what was written and not yet sent is lost. */
  reset(): void {
    this.#finish('local')
    if (!this.#below.destroyed) this.#below.resetAndDestroy()
    this.socket.destroy()
  }

  destroy(): void {
    this.#finish('local')
    this.socket.destroy()
  }

  #receive(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.#waiting += bytes.length
    this.bytesReceived += bytes.length
    if (this.#waiting >= this.#highWater) this.socket.pause()
    this.#wake()
  }

  #flow(): void {
    if (!this.#held && this.#waiting < this.#highWater && this.socket.isPaused()) this.socket.resume()
  }

  #finish(end: WireEnd): void {
    // A FIN can be followed by a RST when we write on: the stronger word replaces it.
    if (this.end !== undefined && !(this.end === 'fin' && end === 'rst')) return
    this.endedAt ??= performance.now()
    this.end = end
    this.#settle(end)
    this.#wake()
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#wakers.push(resolve))
  }

  #wake(): void {
    const wakers = this.#wakers
    this.#wakers = []
    for (const wake of wakers) wake()
  }
}
