/** The command line: every flag, its environment variable and the setting behind it. */

import type { Placement } from './placement.ts'

export interface Flag {
  readonly name: string
  readonly variable: string
  /** Stands for the value in the help text; without it, the flag is a switch, and its variable `true` or `false`. */
  readonly value: string | undefined
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
  flag('watch', undefined, ['reload', 'watch'], 'read the configuration file again when it changes'),
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
  flag('log-format', 'FORMAT', ['log', 'format'], 'form of the log: json or console'),
  flag('log-destination', 'PATH', ['log', 'destination'], 'where the log goes: stdout, stderr or the path of a file'),
  flag(
    'passthrough',
    'PATH',
    undefined,
    'path to pass on beside the MCP path, exact or ending in /*; repeatable, or separated by commas',
  ),
]

/** What only a variable sets: everybody on the machine can read a command line. */
const unflagged: readonly Flag[] = [
  flag('admin-token', 'TOKEN', ['admin', 'token'], 'token with every right on the admin listener'),
]

export const variables: readonly Flag[] = [...flags, ...unflagged]

function flag(name: string, value: Flag['value'], setting: Flag['setting'], description: string): Flag {
  return { name, variable: `SIDELIGHT_${name.toUpperCase().replaceAll('-', '_')}`, value, setting, description }
}

/** What one text says, be it a flag's or a variable's: paths are separated by commas, everything else is one value. */
export function valuesOf({ name }: Flag, text: string): string[] {
  if (name !== 'passthrough') return [text]
  const parts = text.split(',').map((part) => part.trim())
  return parts.filter((part) => part !== '')
}

/** A flag or variable that was given. */
export interface Given {
  readonly flag: Flag
  /** How it was given: `--port`, `SIDELIGHT_PORT`. */
  readonly label: string
  readonly values: readonly string[]
}

/** The given values in the places of their settings, the last where several were given. */
export function placementsOf(given: readonly Given[]): Placement[] {
  return given.flatMap(({ flag: { setting }, label, values }) => {
    const value = values.at(-1)
    return setting === undefined || value === undefined ? [] : [{ setting, value, label }]
  })
}
