/** Checks that the settings of telemetry fit together. */
import { takenNames } from '../telemetry/rules/taken-names.ts'
import { exportersOf } from '../telemetry/tracing/settings.ts'
import { checkRules } from './checks-rules.ts'
import type { Config } from './config.ts'
import { at } from './errors.ts'

type Refuse = (path: string, message: string, hint?: string) => void
type Otlp = Config['telemetry']['metrics']['otlp']

const SIGNALS = ['metrics', 'traces'] as const

/** Refuses what cannot be meant, and returns warnings about what hardly can. */
export function checkTelemetry(config: Config, refuse: Refuse, sound: (path: string) => boolean): string[] {
  const upstreams = Object.keys(config.upstreams)
  checkRules(config.telemetry.rules, 'telemetry.rules', refuse, { upstreams, taken: takenNames, sound })
  const warnings = SIGNALS.flatMap((signal) => {
    const { exporters = [], otlp } = config.telemetry[signal]
    const path = `telemetry.${signal}`
    if (exporters.length > 1 && exporters.includes('none') && sound(`${path}.exporters`))
      refuse(`${path}.exporters`, 'has none beside others', 'leave none out, or let it stand alone')
    if (!sound(`${path}.otlp`)) return []
    checkPair(`${path}.otlp`, otlp, refuse)
    return strangePort(`${path}.otlp`, otlp)
  })
  return [...warnings, ...untraced(config, sound)]
}

/** What tracing would do, if it were on. */
function untraced({ routes, telemetry: { enabled, traces } }: Config, sound: (path: string) => boolean): string[] {
  if (!sound('telemetry') || (enabled && exportersOf(traces).length > 0)) return []
  return routes.flatMap((route, i) =>
    sound(at('routes', i)) && route.traceMeta ? [`${at('routes', i)}.traceMeta: has no effect, tracing is off`] : [],
  )
}

/** A client certificate and its key come together. */
export function checkPair(
  path: string,
  { cert, key }: { readonly cert?: string; readonly key?: string },
  refuse: Refuse,
): void {
  if (cert !== undefined && key === undefined) refuse(`${path}.key`, 'is missing', 'cert needs its key')
  if (key !== undefined && cert === undefined) refuse(`${path}.cert`, 'is missing', 'key needs its certificate')
}

/** A collector serves each protocol on a port of its own; the wrong one fails only when something is sent. */
function strangePort(path: string, { endpoint, url = endpoint, protocol }: Otlp): string[] {
  const port = url === undefined ? '' : new URL(url).port
  const usual = { '4317': 'grpc', '4318': 'http/protobuf' }[port]
  if (usual === undefined || usual === protocol) return []
  return [`${path}: port ${port} is that of ${usual}, and protocol is ${protocol}`]
}
