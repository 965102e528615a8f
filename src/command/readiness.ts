/** Reads the report that a gateway gives of its readiness. */

export interface Readiness {
  readonly status: string
  /** What keeps it from being healthy. */
  readonly wrong: readonly { readonly name: string; readonly status: string; readonly message: string }[]
}

/** `undefined`: this is no such report. */
export function readinessOf(text: string): Readiness | undefined {
  try {
    const report = JSON.parse(text) as {
      status?: unknown
      components?: Record<string, Omit<Readiness['wrong'][number], 'name'>>
    } | null
    if (typeof report?.status !== 'string') return undefined
    const components = Object.entries(report.components ?? {})
    const wrong = components.filter(([, { status }]) => status !== 'healthy').map(([name, rest]) => ({ name, ...rest }))
    return { status: report.status, wrong }
  } catch {
    return undefined
  }
}
