/** `/log-level`: reads and changes at which level each module logs, for a while if wanted. */
import { parseDuration } from '../config/units.ts'
import type { Log } from '../telemetry/log.ts'
import { LOG_LEVELS, LOG_MODULES, type LogLevel, type LogModule } from '../telemetry/log-levels.ts'
import { AdminFault } from './fault.ts'
import type { AdminRoute } from './route.ts'

/** A week; a timer of Node cannot wait for more than three and a half. */
const LONGEST_MS = 7 * 24 * 3_600_000

interface Asked {
  readonly modules: readonly LogModule[]
  readonly level: LogLevel
  readonly forMs: number | undefined
}

export function logLevelRoutes(log: Log): AdminRoute[] {
  const { levels } = log
  const answer = () => ({ modules: levels.list() })
  return [
    {
      method: 'GET',
      path: '/log-level',
      right: 'read',
      summary: 'the level of each module of the log',
      serve: answer,
    },
    {
      method: 'PUT',
      path: '/log-level',
      right: 'write',
      summary: 'changes it: {"level": "debug", "module": "upstream", "for": "10m"}; the last two may be left out',
      serve: ({ body }) => {
        const { modules, level, forMs } = read(body)
        if (modules.length === 1 && modules[0] === 'access' && log.access === undefined)
          throw new AdminFault(409, 'access_log_off', 'The access log is off in the configuration: see log.access')
        levels.set(modules, level, forMs)
        return answer()
      },
    },
    {
      method: 'DELETE',
      path: '/log-level',
      right: 'write',
      summary: 'back to the levels of the configuration',
      serve: () => {
        levels.reset(LOG_MODULES)
        return answer()
      },
    },
  ]
}

function read(body: unknown): Asked {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw bad('The body must be an object')
  const { module, level, for: time, ...rest } = body as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw bad(`"${unknown.slice(0, 40)}" is not known here: there are level, module and for`)
  if (!isOneOf(LOG_LEVELS, level)) throw bad(`"level" must be one of ${LOG_LEVELS.join(', ')}`)
  if (module !== undefined && !isOneOf(LOG_MODULES, module))
    throw bad(`"module" must be one of ${LOG_MODULES.join(', ')}`)
  const forMs = time === undefined ? undefined : parseDuration(time)
  if (forMs !== undefined && !(forMs > 0 && forMs <= LONGEST_MS))
    throw bad('"for" must be a duration like 30s, 10m or 2h, at most 168h')
  return { modules: module === undefined ? LOG_MODULES : [module], level, forMs }
}

function isOneOf<T extends string>(words: readonly T[], word: unknown): word is T {
  return (words as readonly unknown[]).includes(word)
}

const bad = (message: string): AdminFault => new AdminFault(400, 'bad_request', message)
