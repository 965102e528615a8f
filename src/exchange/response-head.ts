/** A response head on its way downstream: status and the raw header list, in the upstream's order and spelling. */
export class ResponseHead {
  /** HTTP status code. */
  status: number
  readonly statusText: string
  /** Name, value, name, value… with hop-by-hop headers already taken out. */
  headers: string[]
  /** Whether the body is `text/event-stream`. */
  readonly stream: boolean
  /** Set by whatever changes the headers; the chain reads it to count the action `modify`. */
  modified = false

  constructor(status: number, statusText: string, headers: string[], stream: boolean) {
    this.status = status
    this.statusText = statusText
    this.headers = headers
    this.stream = stream
  }

  /** The first value of a header, whatever the spelling of its name. */
  get(name: string): string | undefined {
    const at = this.#find(name.toLowerCase())
    return at < 0 ? undefined : this.headers[at + 1]
  }

  /** Replaces every header of that name by one. */
  set(name: string, value: string): void {
    this.remove(name)
    this.headers.push(name, value)
    this.modified = true
  }

  remove(name: string): void {
    const wanted = name.toLowerCase()
    if (this.#find(wanted) < 0) return
    const kept: string[] = []
    for (let i = 0; i < this.headers.length; i += 2) {
      const key = this.headers[i] as string
      if (key.toLowerCase() !== wanted) kept.push(key, this.headers[i + 1] as string)
    }
    this.headers = kept
    this.modified = true
  }

  #find(wanted: string): number {
    for (let i = 0; i < this.headers.length; i += 2) {
      const name = this.headers[i] as string
      // The length decides nearly always, without lower-casing.
      if (name.length === wanted.length && name.toLowerCase() === wanted) return i
    }
    return -1
  }
}
