/** Words what is wrong with interceptors as errors of the configuration. */
import type { ConfigError } from './config/errors.ts'
import type { InterceptorLoadError } from './interceptors/load.ts'

export function interceptorErrors({ faults }: InterceptorLoadError): ConfigError[] {
  return faults.map(({ index, message }) => ({
    path: `interceptors[${index}].module`,
    message,
    hint: 'see docs/interceptors.md',
  }))
}
