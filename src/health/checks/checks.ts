/** Builds the checks of the configuration. */
import type { Config } from '../../config/config.ts'
import { Check, type CheckOutcome, type Look } from './check.ts'

type Settings = Config['health']['checks'][number]

export interface CheckSurroundings {
  readonly version: string
  readonly onFailure: (name: string, outcome: CheckOutcome) => void
}

/** What a kind of check needs is loaded when it is needed. */
export function buildCheck(settings: Settings, { version, onFailure }: CheckSurroundings): Check {
  let look: Promise<Look> | undefined
  return new Check({
    ...settings,
    look: async (signal) => {
      look ??= lookOf(settings, version)
      return (await look)(signal)
    },
    onFailure: (outcome) => onFailure(settings.name, outcome),
  })
}

/** The configuration was checked: each kind has what it needs. */
async function lookOf(
  { kind, url = '', host = '', port = 0, command, ...rest }: Settings,
  version: string,
): Promise<Look> {
  switch (kind) {
    case 'http':
      return (await import('./http.ts')).httpLook({ ...rest, url })
    case 'tcp':
      return (await import('./tcp.ts')).tcpLook({ host, port })
    case 'mcp':
      return (await import('./mcp.ts')).mcpLook({ ...rest, url, version })
    case 'command':
      return (await import('./command.ts')).commandLook(command)
  }
}
