/** `/config`: the configuration in force, without its secrets. */
import type { Config } from '../config/config.ts'
import { masked } from '../config/masked.ts'
import { settings } from '../config/settings.ts'
import type { AdminRoute } from './route.ts'

export function configRoute(config: () => Config): AdminRoute {
  return {
    method: 'GET',
    path: '/config',
    right: 'read',
    summary: 'the configuration in force, secrets left out; durations in milliseconds, sizes in bytes',
    serve: () => masked(settings, config()),
  }
}
