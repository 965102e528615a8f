/** Watches for what is critical: each alert fires once, is told, and is resolved once. */
import { type AlertRule, type Finding, fits, type Watch, watchFor } from './alert-rule.ts'
import type { ErrorKind } from './error-kind.ts'

export interface Alert {
  /** That of the rule. */
  readonly name: string
  readonly severity: string
  readonly upstream: string
  /** What was found, in words; never an address. */
  readonly summary: string
  /** Milliseconds since the epoch. */
  readonly startsAt: number
}

export interface ResolvedAlert extends Alert {
  readonly endsAt: number
}

export interface AlertsOptions {
  readonly rules: readonly AlertRule[]
  /** The upstreams there are now, each with why it counts as down, if it does. */
  readonly upstreams: () => Iterable<readonly [name: string, down: Finding]>
  readonly logger: AlertLogger
  readonly onFiring?: (alert: Alert) => void
  readonly onResolved?: (alert: ResolvedAlert) => void
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

export interface AlertLogger {
  fatal(fields: object, message: string): void
  info(fields: object, message: string): void
}

interface Watched {
  readonly watch: Watch
  alert: Alert | undefined
}

interface CompiledRule {
  readonly rule: AlertRule
  readonly fits: (kind: ErrorKind) => boolean
  /** By upstream. Their names come from the configuration. */
  readonly watched: Map<string, Watched>
}

export class Alerts {
  readonly #options: AlertsOptions
  readonly #now: () => number
  readonly #rules: readonly CompiledRule[]

  constructor(options: AlertsOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#rules = options.rules.map((rule) => ({
      rule,
      fits: rule.errors === undefined ? () => false : fits(rule.errors),
      watched: new Map(),
    }))
  }

  /** To be told of every error. */
  error(kind: ErrorKind, at: number): void {
    for (const compiled of this.#rules) {
      if (!isAbout(compiled.rule, kind.upstream) || !compiled.fits(kind)) continue
      watchedOf(compiled, kind.upstream).watch.error?.(at)
    }
  }

  /** To be called about once a second. */
  tick(): void {
    const at = this.#now()
    const down = new Map(this.#options.upstreams())
    for (const compiled of this.#rules) {
      const { rule, watched } = compiled
      if (rule.down !== undefined) for (const name of down.keys()) if (isAbout(rule, name)) watchedOf(compiled, name)
      for (const [upstream, each] of watched) {
        const finding = each.watch.check(at, each.alert !== undefined, down.get(upstream))
        if (finding !== undefined && each.alert === undefined) this.#fire(each, rule, upstream, finding, at)
        else if (finding === undefined && each.alert !== undefined) this.#resolve(each, each.alert, at)
      }
    }
  }

  /** In the order of the rules. */
  firing(): Alert[] {
    return this.#rules.flatMap(({ watched }) => [...watched.values()].flatMap(({ alert }) => alert ?? []))
  }

  #fire(watched: Watched, { name, severity }: AlertRule, upstream: string, summary: string, at: number): void {
    const alert: Alert = { name, severity, upstream, summary, startsAt: at }
    watched.alert = alert
    this.#options.logger.fatal({ alert: true, name, severity, upstream, summary }, 'alert firing')
    this.#options.onFiring?.(alert)
  }

  #resolve(watched: Watched, alert: Alert, at: number): void {
    watched.alert = undefined
    const { name, severity, upstream, startsAt } = alert
    const fields = { alert: true, name, severity, upstream, duration_ms: at - startsAt }
    this.#options.logger.info(fields, 'alert resolved')
    this.#options.onResolved?.({ ...alert, endsAt: at })
  }
}

/** For answers in JSON. */
export function alertFields({ name, severity, upstream, summary, startsAt }: Alert): Record<string, string> {
  return { alert: name, severity, upstream, summary, started_at: new Date(startsAt).toISOString() }
}

const isAbout = (rule: AlertRule, upstream: string): boolean => (rule.upstream ?? upstream) === upstream

function watchedOf({ rule, watched }: CompiledRule, upstream: string): Watched {
  let found = watched.get(upstream)
  if (found === undefined) {
    found = { watch: watchFor(rule), alert: undefined }
    watched.set(upstream, found)
  }
  return found
}
