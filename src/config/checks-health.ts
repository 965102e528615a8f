/** Checks that each health check has what its kind needs, and no more. */
import type { Config } from './config.ts'
import { at } from './errors.ts'

type Refuse = (path: string, message: string, hint?: string) => void
type Check = Config['health']['checks'][number]

/** Each is a component, and they run beside the traffic. */
export const MOST_CHECKS = 32

const NEEDS: Readonly<Record<Check['kind'], readonly (keyof Check)[]>> = {
  http: ['url'],
  mcp: ['url'],
  tcp: ['host', 'port'],
  command: ['command'],
}
const ALL: readonly (keyof Check)[] = ['url', 'host', 'port', 'command']

export function checkHealth({ health: { checks } }: Config, refuse: Refuse, sound: (path: string) => boolean): void {
  if (checks.length > MOST_CHECKS) refuse('health.checks', `has ${checks.length} checks, and may have ${MOST_CHECKS}`)
  const names = new Map<string, string>()
  for (const [i, check] of checks.entries()) {
    const place = at('health.checks', i)
    if (!sound(place)) continue
    const earlier = names.get(check.name)
    if (earlier !== undefined) refuse(`${place}.name`, `is the name of ${earlier} too`, 'choose another name')
    names.set(check.name, place)
    const needed = NEEDS[check.kind]
    for (const key of ALL) {
      if (needed.includes(key) && !given(check, key))
        refuse(`${place}.${key}`, `is missing: kind ${check.kind} needs it`)
      if (!needed.includes(key) && given(check, key))
        refuse(`${place}.${key}`, `has no meaning for kind ${check.kind}`, 'remove it')
    }
    checkCredentials(check, place, refuse)
  }
}

function checkCredentials({ kind, headers, tokenFile, status }: Check, place: string, refuse: Refuse): void {
  const asks = kind === 'http' || kind === 'mcp'
  const useless = (key: string) => refuse(`${place}.${key}`, `has no meaning for kind ${kind}`, 'remove it')
  if (!asks && Object.keys(headers).length > 0) useless('headers')
  if (!asks && tokenFile !== undefined) useless('tokenFile')
  if (kind !== 'http' && status.length > 0) useless('status')
}

const given = (check: Check, key: keyof Check): boolean => {
  const value = check[key]
  return Array.isArray(value) ? value.length > 0 : value !== undefined
}
