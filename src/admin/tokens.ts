/** The tokens that open protected paths: compared in constant time, and read again when their files change. */
import { hash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { FileWatch } from '../reload/file-watch.ts'
import type { Right } from './route.ts'

/** Shorter ones can be guessed. */
export const LEAST_TOKEN_LENGTH = 16

export interface TokenSource {
  /** For the log. */
  readonly name: string
  readonly rights: readonly Right[]
  readonly token?: string | undefined
  readonly tokenFile?: string | undefined
}

export interface Bearer {
  readonly name: string
  readonly rights: ReadonlySet<Right>
}

interface Entry extends Bearer {
  readonly file: string | undefined
  digest: Buffer
}

/** `error`: what the file holds now cannot serve, and what it held before still counts. */
export type TokenReload = (name: string, error: Error | undefined) => void

const POLL_MS = 1_000

export class Tokens {
  readonly #entries: Entry[]
  readonly #stops: (() => void)[] = []
  /** Read again what was another's token, as that may have gone: a token often moves from one file to the next. */
  readonly #clashes = new Set<() => void>()

  /** Throws when a file cannot be read. */
  constructor(sources: readonly TokenSource[], onReload: TokenReload = () => {}, poll = POLL_MS) {
    this.#entries = sources.map(({ name, rights, token, tokenFile }) => {
      const entry = {
        name,
        rights: new Set(rights),
        file: token === undefined ? tokenFile : undefined,
        digest: digest(token ?? readToken(tokenFile as string)),
      }
      if (tokenFile !== undefined) this.#follow(entry, tokenFile, onReload, poll)
      return entry
    })
  }

  /** Without any, nobody can show one. */
  get none(): boolean {
    return this.#entries.length === 0
  }

  /** Whose token this is. Takes as long whichever it is, and if it is none. */
  bearer(token: string): Bearer | undefined {
    const presented = digest(token)
    let found: Bearer | undefined
    for (const entry of this.#entries) if (timingSafeEqual(entry.digest, presented)) found = entry
    return found
  }

  close(): void {
    for (const stop of this.#stops) stop()
  }

  /** Takes what all files hold now, if no two are alike: two may have swapped theirs. */
  #takeAll(onReload: TokenReload): boolean {
    const now = this.#entries.map(({ file, digest: before }) => {
      try {
        return file === undefined ? before : digest(readToken(file))
      } catch {
        return before
      }
    })
    if (now.some((one, i) => now.findIndex((other) => timingSafeEqual(one, other)) < i)) return false
    for (const [i, entry] of this.#entries.entries()) {
      const read = now[i] as Buffer
      if (timingSafeEqual(read, entry.digest)) continue
      entry.digest = read
      onReload(entry.name, undefined)
    }
    return true
  }

  #follow(entry: Entry, file: string, onReload: TokenReload, interval: number): void {
    const reload = (): void => {
      this.#clashes.delete(reload)
      try {
        const read = digest(readToken(file))
        if (timingSafeEqual(read, entry.digest)) return
        const owner = this.#entries.find(({ digest }) => timingSafeEqual(read, digest))
        if (owner === undefined) {
          entry.digest = read
          onReload(entry.name, undefined)
        } else if (!this.#takeAll(onReload)) {
          this.#clashes.add(reload)
          throw new Error(`the token is that of ${owner.name} too`)
        }
      } catch (error) {
        onReload(entry.name, error as Error)
        return
      }
      for (const retry of [...this.#clashes]) retry()
    }
    const watch = new FileWatch(file, reload, interval)
    let closed = false
    // What changed since it was read first, and before the watch knew the file, is read now.
    void watch.reading().then(() => {
      if (closed) return
      reload()
      watch.start()
    })
    this.#stops.push(() => {
      closed = true
      watch.stop()
    })
  }
}

/** Equal lengths are what `timingSafeEqual` needs, and the digest of a token tells nothing of it. */
const digest = (token: string): Buffer => hash('sha256', token, 'buffer')

/** Throws an error without the file's content. */
function readToken(file: string): string {
  const token = readFileSync(file, 'utf8').trim()
  const fault = tokenFault(token)
  if (fault !== undefined) throw new Error(`the token ${fault}`)
  return token
}

/** Why a text is no token; `undefined`: it is one. */
export function tokenFault(token: string): string | undefined {
  if (!/^[\x21-\x7e]*$/.test(token)) return 'holds something else than visible ASCII characters'
  if (token.length < LEAST_TOKEN_LENGTH) return `has fewer than ${LEAST_TOKEN_LENGTH} characters`
  return undefined
}
