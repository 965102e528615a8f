/** The command line: every flag, its environment variable and the setting behind it. */

export interface Flag {
  readonly name: string
  readonly variable: string
  /** Stands for the value in the help text. */
  readonly value: string
  /** The setting that it overrides. */
  readonly setting: readonly string[] | undefined
  readonly description: string
}

export const flags: readonly Flag[] = [
  flag(
    'upstream',
    'URL',
    ['upstreams', 'default', 'url'],
    'MCP endpoint to stand in front of, as the upstream `default`',
  ),
  flag('config', 'FILE', undefined, 'configuration file, YAML or JSON'),
  flag('host', 'HOST', ['listen', 'host'], 'address of the proxy listener'),
  flag('port', 'PORT', ['listen', 'port'], 'port of the proxy listener, 0 for any free one'),
  flag('admin-host', 'HOST', ['admin', 'host'], 'address of the admin listener'),
  flag('admin-port', 'PORT', ['admin', 'port'], 'port of the admin listener, 0 for any free one'),
  flag(
    'log-level',
    'LEVEL',
    ['log', 'level'],
    'least level that is logged: trace, debug, info, warn, error, fatal or silent',
  ),
  flag(
    'passthrough',
    'PATH',
    undefined,
    'path to pass on beside the MCP path, exact or ending in /*; repeatable, comma-separated in the variable',
  ),
]

function flag(name: string, value: string, setting: Flag['setting'], description: string): Flag {
  return { name, variable: `SIDELIGHT_${name.toUpperCase().replaceAll('-', '_')}`, value, setting, description }
}

/** A flag or variable that was given. */
export interface Given {
  readonly flag: Flag
  /** How it was given: `--port`, `SIDELIGHT_PORT`. */
  readonly label: string
  readonly values: readonly string[]
}

/** The document with the given values in it, and for the path of each the label under which it was given. */
export function overlay(
  document: unknown,
  given: readonly Given[],
): { document: unknown; labels: Map<string, string> } {
  const labels = new Map<string, string>()
  let whole = document
  for (const { flag, label, values } of given) {
    const text = values.at(-1)
    if (flag.setting === undefined || text === undefined) continue
    labels.set(flag.setting.join('.'), label)
    whole = put(whole, flag.setting, text)
  }
  return { document: whole, labels }
}

function put(node: unknown, [key, ...rest]: readonly string[], text: string): unknown {
  if (key === undefined) return text
  const inner = node === undefined ? {} : node
  // What is no mapping is left for the walk to complain about.
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return node
  const fields: Readonly<Record<string, unknown>> = { ...inner }
  return { ...fields, [key]: put(Object.hasOwn(fields, key) ? fields[key] : undefined, rest, text) }
}
