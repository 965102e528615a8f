/** Gathers the facts of one message while the scanner reads it, and says at its end what kind it is. Pure. */
import {
  clear,
  ERROR_KEY,
  ERROR_MESSAGE_KEY,
  ID_KEY,
  ITEM_NAME_KEY,
  type Key,
  METHOD_KEY,
  RESULT_KEY,
  type Value,
} from './envelope-keys.ts'
import { CLIENT_INFO, META_CLIENT_INFO, META_SERVER_INFO, PARENT, SERVER_INFO } from './envelope-scopes.ts'
import { LOWER_F, LOWER_N, LOWER_T, QUOTE } from './json-bytes.ts'
import { cutText, decodeId, decodeString } from './json-string.ts'
import { CAPTURE_MAX, Envelope } from './message.ts'

const HAS_ID = 1
const HAS_METHOD = 2
/** An id or a method of a type that neither can have. */
const WRONG_ID = 4
const WRONG_METHOD = 8

const ERROR_MESSAGE_LENGTH = 256

/** The higher one's name and version count when a message has several; 0: no such scope. */
const PEER_RANK: readonly number[] = PARENT.map(
  (_, scope) => [META_SERVER_INFO, META_CLIENT_INFO, SERVER_INFO, CLIENT_INFO].indexOf(scope) + 1,
)

export class EnvelopeFacts {
  message = new Envelope()
  /** Of the list's item that is read. */
  itemName: string | undefined = undefined
  #has = 0
  #peerRank = 0

  begin(): void {
    this.message = new Envelope()
    this.#has = 0
    this.#peerRank = 0
  }

  /** Whether the scope is worth looking into: what names the peer is not, when a better one did. */
  wants(scope: number): boolean {
    const rank = PEER_RANK[scope]!
    if (rank === 0) return true
    if (rank < this.#peerRank) return false
    this.#peerRank = rank
    this.message.peerName = undefined
    this.message.peerVersion = undefined
    return true
  }

  repeated(key: Key): void {
    const { message } = this
    message.duplicate ??= key.path
    clear(message, key)
    if (key === ERROR_KEY) message.hasError = false
    // Also when another object had named the peer: a message with both, one of them twice, names none.
    if (message.peerName === undefined && message.peerVersion === undefined) this.#peerRank = 0
  }

  found(key: Key): void {
    if (key === RESULT_KEY) this.message.hasResult = true
  }

  write(key: Key, value: Value): void {
    if (key === ID_KEY) {
      const wrong = value === undefined || typeof value === 'boolean'
      this.#has = (this.#has & ~(HAS_ID | WRONG_ID)) | (wrong ? WRONG_ID : HAS_ID)
      this.message.overlong = false
    } else if (key === METHOD_KEY) {
      this.#has = (this.#has & ~(HAS_METHOD | WRONG_METHOD)) | (typeof value === 'string' ? HAS_METHOD : WRONG_METHOD)
    } else if (key === ITEM_NAME_KEY) {
      this.itemName = typeof value === 'string' ? value : undefined
      return
    } else if (key === ERROR_MESSAGE_KEY && typeof value === 'string') {
      key.write(this.message, cutText(value, ERROR_MESSAGE_LENGTH))
      return
    }
    key.write(this.message, value)
  }

  /** A whole scalar as it was written; only its first bytes if it is longer than `CAPTURE_MAX`. */
  writeToken(key: Key, bytes: Buffer, from: number, to: number): void {
    const first = bytes[from]!
    if (first === QUOTE) this.#writeText(key, bytes, from + 1, to - 1)
    else if (first === LOWER_T || first === LOWER_F) this.write(key, first === LOWER_T)
    else if (first === LOWER_N) this.write(key, null)
    else if (to - from <= CAPTURE_MAX) this.write(key, decodeId(bytes, from, to))
    else this.#overlong(key)
  }

  #writeText(key: Key, bytes: Buffer, from: number, to: number): void {
    if (to - from <= CAPTURE_MAX) this.write(key, decodeString(bytes, from, to))
    else if (key === ERROR_MESSAGE_KEY) this.write(key, decodeString(bytes, from, from + CAPTURE_MAX))
    else this.#overlong(key)
  }

  #overlong(key: Key): void {
    // Of the right type, so that the message stays what it is.
    this.write(key, key === ID_KEY || key === METHOD_KEY ? '' : undefined)
    key.write(this.message, undefined)
    if (key === ID_KEY) this.message.overlong = true
  }

  /** The message is complete. */
  finish(bytes: number): Envelope {
    const { message } = this
    const has = this.#has
    message.bytes = bytes
    if ((has & (WRONG_ID | WRONG_METHOD)) !== 0) message.kind = 'invalid'
    else if ((has & HAS_METHOD) !== 0) message.kind = (has & HAS_ID) === 0 ? 'notification' : 'request'
    else if (message.hasError) message.kind = 'error'
    else message.kind = message.hasResult ? 'response' : 'invalid'
    return message
  }
}
