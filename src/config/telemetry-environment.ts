/** Reads the telemetry variables of an environment into the places of their settings. */
import type { ConfigError } from './errors.ts'
import type { Placement } from './placement.ts'
import type { Environment } from './substitute.ts'
import { aliasVariables, standardVariables, type Variable, type VariableSite } from './telemetry-variables.ts'

export interface TelemetryEnvironment {
  /** For over the file. */
  readonly standard: readonly Placement[]
  /** For under the file. */
  readonly aliases: readonly Placement[]
  readonly errors: readonly ConfigError[]
  readonly warnings: readonly string[]
}

/** The port on which collectors take OTLP over HTTP. */
const HTTP_PORT = '4318'

/** An empty variable counts as not set. */
export function readTelemetryEnvironment(env: Environment): TelemetryEnvironment {
  const errors: ConfigError[] = []
  const warnings: string[] = []
  const read = (variables: readonly Variable[]) =>
    variables.flatMap(({ name, read: readText }) => {
      const text = env[name]?.trim()
      if (text === undefined || text === '') return []
      const site: VariableSite = {
        env,
        refuse: (message, hint) => {
          if (!errors.some(({ path }) => path === name)) errors.push({ path: name, message, hint })
        },
        warn: (message) => warnings.push(`${name}: ${message}`),
      }
      return readText(text, site).map((value) => ({ ...value, label: name }))
    })
  const standard = read(standardVariables)
  const aliases = read(aliasVariables)
  return { standard, aliases: [...aliases, ...impliedProtocols([...standard, ...aliases])], errors, warnings }
}

/** An endpoint that says nothing of its protocol but has the port of one means that one. */
function impliedProtocols(placements: readonly Placement[]): Placement[] {
  return placements.flatMap(({ setting, value, label }) => {
    const key = setting.at(-1)
    if ((key !== 'endpoint' && key !== 'url') || !URL.canParse(String(value))) return []
    if (new URL(String(value)).port !== HTTP_PORT) return []
    return [{ setting: [...setting.slice(0, -1), 'protocol'], value: 'http/protobuf', label }]
  })
}
