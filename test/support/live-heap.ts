/** How many bytes are live in a gateway's process. Resident memory says little, for V8 keeps what it once had. */
import type { GatewayProcess } from './gateway.ts'
import { settles } from './measure.ts'

/** On a signal: what is left after a full collection. */
const PROBE = `import { writeSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
// Else what was not called for some collections is thrown away, megabytes at once, and compiled again when it is.
setFlagsFromString('--no-flush-bytecode')
process.on('SIGUSR2', () => {
  for (let i = 0; i < 3; i++) gc()
  const { heapUsed, external } = process.memoryUsage()
  writeSync(2, heapUsed + external + '\\n')
})`

/** The environment of a process that can be asked. */
export const HEAP_PROBE: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--expose-gc --import data:text/javascript,${encodeURIComponent(PROBE)}`,
}

/** Heap and external memory, in bytes, after a full collection. */
export async function liveHeap(g: GatewayProcess): Promise<number> {
  const said = g.stderr.length
  g.child.kill('SIGUSR2')
  await settles(() => g.stderr.endsWith('\n') && g.stderr.length > said, { within: 20_000, what: 'the heap probe' })
  return Number(g.stderr.slice(said))
}
