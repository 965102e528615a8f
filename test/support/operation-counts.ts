/** How the operations of a gateway ended, as its metrics page tells it. */

const SERIES = /^mcp_server_operation_duration_seconds_count\{.*\boutcome="(\w+)".*\} (\d+)$/gm

/** Operations that ended since the last look, as outcomes in the order of the alphabet. */
export class OperationCounts {
  readonly #page: string
  #seen: ReadonlyMap<string, number> = new Map()

  constructor(adminUrl: string) {
    this.#page = `${adminUrl}/metrics`
  }

  async ended(): Promise<string[]> {
    const counts = new Map<string, number>()
    const page = await (await fetch(this.#page)).text()
    for (const [, outcome = '', count] of page.matchAll(SERIES))
      counts.set(outcome, (counts.get(outcome) ?? 0) + Number(count))
    const more = [...counts].flatMap(([outcome, count]) =>
      Array<string>(count - (this.#seen.get(outcome) ?? 0)).fill(outcome),
    )
    this.#seen = counts
    return more.sort()
  }
}
