/** A process that writes log lines to its standard output and says on the message channel how that went. */
import { createLog } from '../../src/telemetry/log.ts'

const [scenario = '', count = '0'] = process.argv.slice(2)
const log = createLog({ level: 'info' })
const write = (from: number, to: number) => {
  for (let i = from; i < to; i++) log.logger.info({ i, filler: 'x'.repeat(900) }, 'line')
}
const tell = (message: object) => new Promise((resolve) => process.send?.(message, resolve))

process.on('exit', () => log.flushSync())

if (scenario === 'exit') {
  write(0, Number(count))
  process.exit(0)
}
if (scenario === 'flush') {
  write(0, Number(count))
  await log.flush(30_000)
  await tell({ dropped: log.dropped })
  process.exit(0)
}
if (scenario === 'fatal') {
  write(0, Number(count))
  log.logger.fatal('the end')
  log.logger.info('after')
  await log.flush(30_000)
  process.exit(0)
}
if (scenario === 'flood') {
  write(0, Number(count))
  await log.flush(100)
  await tell({ dropped: log.dropped })
  process.exit(0)
}
if (scenario === 'closed') {
  await new Promise((resolve) => process.once('message', resolve))
  write(0, Number(count))
  await log.flush(5000)
  write(0, 1)
  await log.flush(5000)
  await tell({ dropped: log.dropped })
  process.exit(0)
}
