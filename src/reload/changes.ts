/** What another configuration would change, and which of it can be changed while the gateway runs. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/config.ts'
import { at } from '../config/errors.ts'

/** Whatever is not listed here, in whole or in part, needs a restart: a setting that nobody thought of is told, not ignored. */
const REPLACEABLE: readonly (readonly string[])[] = [
  ['upstreams'],
  ['routes'],
  ['interceptors'],
  ['sessions'],
  ['inspection'],
  ['drain'],
  ['reload'],
  ['listen', 'hosts'],
  ['listen', 'origins'],
  ['listen', 'trustedProxies'],
  ['limits', 'requestBytes'],
  ['limits', 'connections'],
  ['log', 'level'],
  ['log', 'levels'],
  ['log', 'access'],
  ['log', 'filter'],
  ['log', 'slow'],
]

export interface Changes {
  /** Paths of settings; a part that is there in one of the two only is one path. */
  readonly applied: readonly string[]
  readonly needsRestart: readonly string[]
  /** The configuration that is in force when these have been applied. */
  readonly config: Config
}

export function changesBetween(running: Config, wanted: Config): Changes {
  const applied: string[] = []
  const needsRestart: string[] = []
  for (const place of differences(running, wanted)) {
    const replaceable = REPLACEABLE.some((prefix) => prefix.every((key, i) => place[i] === key))
    ;(replaceable ? applied : needsRestart).push(place.reduce<string>(at, ''))
  }
  const config = REPLACEABLE.reduce<unknown>((whole, place) => put(whole, place, wanted), running)
  return { applied, needsRestart, config: config as Config }
}

type Place = readonly (string | number)[]

/** The places where two values differ, in the order of the settings. */
function differences(a: unknown, b: unknown, place: Place = []): Place[] {
  if (Object.is(a, b)) return []
  if (!isTree(a) || !isTree(b) || Array.isArray(a) !== Array.isArray(b)) return [place]
  // A list of plain values is one value: an element has no meaning of its own.
  if (Array.isArray(a) && ![...a, ...Object.values(b)].every(isTree)) return isDeepStrictEqual(a, b) ? [] : [place]
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].flatMap((key) => differences(a[key], b[key], [...place, Array.isArray(a) ? Number(key) : key]))
}

type Tree = Readonly<Record<string, unknown>>

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null
}

/** `into` with what `from` has at that place. */
function put(into: unknown, [key, ...rest]: readonly string[], from: unknown): unknown {
  if (key === undefined || !isTree(into) || !isTree(from)) return from
  return { ...into, [key]: put(into[key], rest, from[key]) }
}
