/**
 * Names for Prometheus, as the OpenTelemetry specification maps them:
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
import type { InstrumentDef } from './definition.ts'
import type { FamilyDef } from './family.ts'

const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  Hz: 'hertz',
  Cel: 'celsius',
  '%': 'percent',
}

export type PrometheusType = 'counter' | 'gauge' | 'histogram' | 'info'

export interface PrometheusName {
  /** The family's name: without `_total`, `_info`, `_bucket`. */
  readonly family: string
  /** The name of the family's samples; a histogram's still take `_bucket`, `_sum` and `_count`. */
  readonly sample: string
  readonly type: PrometheusType
  /** The unit that the family's name ends with, or empty. */
  readonly unit: string
}

export function prometheusName(def: InstrumentDef): PrometheusName {
  const type = prometheusType(def)
  const unit = prometheusUnit(def)
  let family = withoutSuffix(sanitize(def.name), type === 'info' ? '_info' : type === 'counter' ? '_total' : '')
  if (unit !== '' && family !== unit && !family.endsWith(`_${unit}`)) family += `_${unit}`
  const suffix = type === 'counter' ? '_total' : type === 'info' ? '_info' : ''
  return { family, sample: family + suffix, type, unit }
}

/** The name on the page: its own, where the family has one. */
export function familyName(def: FamilyDef): PrometheusName {
  const { exactName } = def
  return exactName === undefined
    ? prometheusName(def)
    : { family: exactName, sample: exactName, type: prometheusType(def), unit: '' }
}

/** A label's name: dots and whatever else Prometheus does not take become underscores. */
export function prometheusLabel(name: string): string {
  const label = name.replace(/[^a-zA-Z0-9_]+/g, '_')
  return /^\d/.test(label) ? `key_${label}` : label
}

function prometheusType(def: InstrumentDef): PrometheusType {
  if (def.kind === 'counter' || def.kind === 'histogram') return def.kind
  return def.kind === 'gauge' && def.name.endsWith('.info') ? 'info' : 'gauge'
}

/** Annotations in braces say what is counted and are no part of a name; a bare ratio has a unit only as a gauge. */
function prometheusUnit(def: InstrumentDef): string {
  const unit = def.unit.replace(/\{[^}]*\}/g, '')
  if (unit === '1') return def.kind === 'gauge' ? 'ratio' : ''
  const [count = '', per] = unit.split('/')
  const numerator = sanitize(UNITS[count] ?? count)
  if (per === undefined || per === '') return numerator
  return `${numerator}_per_${(UNITS[per] ?? per).replace(/s$/, '')}`.replace(/^_/, '')
}

const sanitize = (name: string): string => name.replace(/[^a-zA-Z0-9:]+/g, '_').replace(/^(?=\d)/, '_')

const withoutSuffix = (name: string, suffix: string): string =>
  suffix !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
