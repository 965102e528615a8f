/** What is said of this process with everything that it sends. */
import { randomUUID } from 'node:crypto'

/**
 * Attributes of the OpenTelemetry resource; what the configuration says goes over our own. Made once, because metrics
 * and spans must name the same instance.
 */
export function resourceAttributes(
  stated: Readonly<Record<string, string>>,
  version: string,
): Readonly<Record<string, string>> {
  return {
    'service.name': 'sidelight',
    'service.version': version,
    'service.instance.id': randomUUID(),
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    ...stated,
  }
}
