/** Reads the `SIDELIGHT_*` environment variables. */
import { isIP } from 'node:net'
import type { ConfigError } from './errors.ts'
import { type Given, valuesOf, variables } from './flags.ts'
import type { Environment } from './substitute.ts'
import { nearest } from './suggest.ts'

/**
 * Kubernetes describes each Service of the namespace to each pod in variables named after it. For Services called
 * `sidelight` or `sidelight-…` these begin like ours: they are told apart by name and value together, because
 * `SIDELIGHT_PORT` and `SIDELIGHT_ADMIN_PORT` are names of ours too.
 */
const serviceLinks: readonly { readonly name: RegExp; readonly fits: (value: string) => boolean }[] = [
  { name: /_SERVICE_HOST$/, fits: (value) => isIP(value) !== 0 },
  { name: /_SERVICE_PORT(_[A-Z0-9_]+)?$/, fits: (value) => /^\d+$/.test(value) },
  { name: /_PORT(_\d+_(TCP|UDP|SCTP))?$/, fits: (value) => /^(tcp|udp|sctp):\/\//.test(value) },
  { name: /_PORT_\d+_(TCP|UDP|SCTP)_PROTO$/, fits: (value) => /^(tcp|udp|sctp)$/.test(value) },
  { name: /_PORT_\d+_(TCP|UDP|SCTP)_PORT$/, fits: (value) => /^\d+$/.test(value) },
  { name: /_PORT_\d+_(TCP|UDP|SCTP)_ADDR$/, fits: (value) => isIP(value) !== 0 },
]

export interface Variables {
  readonly given: readonly Given[]
  readonly errors: readonly ConfigError[]
  readonly warnings: readonly string[]
}

/** An empty variable counts as not set. */
export function readEnvironment(env: Environment): Variables {
  const given: Given[] = []
  const errors: ConfigError[] = []
  const links: string[] = []
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('SIDELIGHT_') || value === undefined || value === '') continue
    const flag = variables.find((known) => known.variable === variable)
    if (serviceLinks.some(({ name, fits }) => name.test(variable) && fits(value))) links.push(variable)
    else if (flag === undefined) errors.push(unknownVariable(variable))
    else given.push({ flag, label: variable, values: valuesOf(flag, value) })
  }
  return { given, errors, warnings: links.length === 0 ? [] : [linkWarning(links)] }
}

function unknownVariable(variable: string): ConfigError {
  const known = variables.map((flag) => flag.variable)
  const meant = nearest(variable, known)
  const hint = meant ? `did you mean ${meant}?` : `the variables are ${known.join(', ')}`
  return { path: variable, message: 'is not a known variable', hint }
}

function linkWarning(links: readonly string[]): string {
  return `${links.join(', ')}: ignored, set by Kubernetes for a Service of that name (enableServiceLinks: false in the pod keeps them out)`
}
