/** Words what refuses a configuration as errors of it: at the start, and at each reload. */
import { at, type ConfigError, ConfigRefusedError } from './config/errors.ts'
import { InterceptorLoadError } from './interceptors/load.ts'

/** `undefined`: it is no fault of the configuration. */
export function refusalsOf(error: unknown): readonly ConfigError[] | undefined {
  if (error instanceof ConfigRefusedError) return error.errors
  if (!(error instanceof InterceptorLoadError)) return undefined
  return error.faults.map(({ index, message }) => ({
    path: `${at('interceptors', index)}.module`,
    message,
    hint: 'see docs/interceptors.md',
  }))
}
