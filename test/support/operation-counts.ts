/** How the operations of a gateway ended, as its metrics page tells it. */

const SERIES = /^mcp_server_operation_duration_seconds_count\{.*\boutcome="(\w+)".*\} (\d+)$/gm

/** Operations that ended, as outcomes in the order of the alphabet. */
export class OperationCounts {
  readonly #page: string
  #seen: Counts = new Map()

  constructor(adminUrl: string) {
    this.#page = `${adminUrl}/metrics`
  }

  /** All of them. */
  async all(): Promise<string[]> {
    return outcomes(await this.#counts(), new Map())
  }

  /** Those since the last look. */
  async ended(): Promise<string[]> {
    const before = this.#seen
    this.#seen = await this.#counts()
    return outcomes(this.#seen, before)
  }

  async #counts(): Promise<Counts> {
    const counts = new Map<string, number>()
    const page = await (await fetch(this.#page)).text()
    for (const [, outcome = '', count] of page.matchAll(SERIES))
      counts.set(outcome, (counts.get(outcome) ?? 0) + Number(count))
    return counts
  }
}

type Counts = ReadonlyMap<string, number>

function outcomes(counts: Counts, before: Counts): string[] {
  const more = [...counts].map(([outcome, count]) => Array<string>(count - (before.get(outcome) ?? 0)).fill(outcome))
  return more.flat().sort()
}
