/** Puts values from flags and variables into a document, over what stands there or under it. */
import { at } from './errors.ts'

/** A value for a setting, and how it was given. */
export interface Placement {
  readonly setting: readonly string[]
  readonly value: unknown
  /** `--port`, `SIDELIGHT_PORT`: where errors are told. */
  readonly label: string
}

export interface Placed {
  readonly document: unknown
  /** For the path of each placed value the label under which it was given. */
  readonly labels: Map<string, string>
}

/** The document with the values in it; later ones replace earlier ones. */
export function overlay(document: unknown, placements: readonly Placement[]): Placed {
  return place(document, placements, true)
}

/** The document with those values in it for which it has none; earlier ones go first. */
export function underlay(document: unknown, placements: readonly Placement[]): Placed {
  return place(document, placements, false)
}

/** The label of the value that `path` is or lies in. */
export function labelOf(labels: ReadonlyMap<string, string>, path: string): string | undefined {
  for (let end = path.length; end > 0; end = Math.max(path.lastIndexOf('.', end - 1), path.lastIndexOf('[', end - 1))) {
    const label = labels.get(path.slice(0, end))
    if (label !== undefined) return label
  }
  return undefined
}

function place(document: unknown, placements: readonly Placement[], over: boolean): Placed {
  const labels = new Map<string, string>()
  let whole = document
  for (const { setting, value, label } of placements) {
    if (!over && isStated(whole, setting)) continue
    labels.set(setting.reduce<string>(at, ''), label)
    whole = put(whole, setting, value)
  }
  return { document: whole, labels }
}

function isStated(node: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return node !== undefined
  if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) return false
  return isStated((node as Readonly<Record<string, unknown>>)[key], rest)
}

function put(node: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value
  const inner = node === undefined ? {} : node
  // What is no mapping is left for the walk to complain about.
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return node
  const fields: Readonly<Record<string, unknown>> = { ...inner }
  return { ...fields, [key]: put(Object.hasOwn(fields, key) ? fields[key] : undefined, rest, value) }
}
