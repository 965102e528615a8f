/** Tells what the OpenTelemetry SDK finds wrong, each thing once: a collector that took only a part, a bad instrument. */
import type { DiagLogger } from '@opentelemetry/api'
import type { ExportLog } from '../export-target.ts'

/** Different texts that are told; they may hold numbers that change. */
const MOST = 100

export function diagnostics(log: ExportLog): DiagLogger {
  const told = new Set<string>()
  const tell = (text: string, details: readonly unknown[]): void => {
    const detail = [text, ...details.map(String)].join(' ')
    if (told.has(detail) || told.size === MOST) return
    told.add(detail)
    log.warn({ detail }, 'OpenTelemetry warns')
  }
  return {
    // Failed exports come here as well, and were told already.
    error: (text, ...details) => {
      if (text.includes('collection errors')) tell(text, details)
    },
    warn: (text, ...details) => tell(text, details),
    info() {},
    debug() {},
    verbose() {},
  }
}
