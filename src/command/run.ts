/** Runs the gateway as this process: signals, what it says of itself, exit codes. */
import type { AddressInfo } from 'node:net'
import { type Config, withUpstream } from '../config/config.ts'
import type { Loaded, loadConfig } from '../config/load.ts'
import { formatErrors } from '../config/report.ts'
import { buildGateway, type Gateway } from '../gateway.ts'
import { inlineFurther } from '../inlining.ts'
import { boundReceivedMemory } from '../received-memory.ts'
import { refusalsOf } from '../refusals.ts'
import { createLog, type Log, LogDestinationError } from '../telemetry/log.ts'
import { EX_FAILED, EX_USAGE } from './exit-codes.ts'

type Read = () => ReturnType<typeof loadConfig>

/**
 * Resolves when it listens, or could not start and has said why.
 * @param read reads the configuration again, from the same sources
 */
export async function run({ config: given, folder, file }: Loaded, version: string, read: Read): Promise<void> {
  boundReceivedMemory()
  inlineFurther()
  const log = openLog(given)
  if (log === undefined) return
  // Before anything else may take long: unheard, it ends the process.
  let running: Gateway | undefined
  process.on('SIGHUP', async () => {
    // First, and whatever becomes of the configuration: whoever rotates logs waits for it.
    await log.reopen()
    await running?.reload('signal')
  })
  process.on('exit', () => log.flushSync())
  // A user's interceptor may leave a promise or a timer that throws: its fault is told, and traffic goes on.
  process.on('uncaughtException', (err) => log.logger.error({ err }, 'uncaught error'))
  process.on('unhandledRejection', (err) => log.logger.error({ err }, 'unhandled rejection'))
  try {
    const demo = Object.keys(given.upstreams).length === 0 ? await startDemo(log) : undefined
    const config = demo === undefined ? given : withUpstream(given, demo.url)
    const stop = once(log, async () => {
      await gateway.drain()
      await demo?.close()
    })
    const gateway = await buildGateway(config, {
      log,
      version,
      folder,
      file,
      read: async () => withDemo(await read(), demo),
      onDrainAsked: () => void stop('POST /drain'),
    })
    stopOnSignals(stop, log)
    announce(config, await gateway.start(), log, version)
    running = gateway
  } catch (error) {
    await giveUp(error, log)
  }
}

/** `undefined`: its file cannot be opened, which has been said. */
function openLog({ log }: Config): Log | undefined {
  try {
    return createLog(log)
  } catch (error) {
    if (!(error instanceof LogDestinationError)) throw error
    process.stderr.write(`sidelight: ${error.message}\n`)
    process.exitCode = EX_USAGE
    return undefined
  }
}

/** What was read again, with the demo where that is the upstream. */
function withDemo(read: Awaited<ReturnType<Read>>, demo: { readonly url: string } | undefined): typeof read {
  if ('errors' in read || Object.keys(read.config.upstreams).length > 0) return read
  if (demo !== undefined) return { ...read, config: withUpstream(read.config, demo.url) }
  const hint = 'the built-in demo serves only a process that began with it'
  return { errors: [{ path: 'upstreams', message: 'holds none any more', hint }] }
}

/** Loaded only when there is nothing else to stand in front of. */
async function startDemo(log: Log): Promise<{ url: string; close(): Promise<void> }> {
  const { startDemoUpstream } = await import('../demo/upstream.ts')
  const demo = await startDemoUpstream()
  log.module('demo').info('no upstream is configured: the built-in demo server is one (--upstream URL names your own)')
  return demo
}

function announce(
  config: Config,
  { proxy, admin }: { proxy: AddressInfo; admin: AddressInfo },
  { logger }: Log,
  release: string,
): void {
  const proxyUrl = url(config.listen.tls === undefined ? 'http' : 'https', proxy)
  const adminUrl = url('http', admin)
  const routes = config.routes.map(({ path, upstream, hostnames, publicUrl }) => ({
    url: publicUrl ?? `${hostnames[0] === undefined ? proxyUrl : `//${hostnames[0]}`}${path}`,
    upstream,
  }))
  const metrics = `${adminUrl}/metrics`
  const health = `${adminUrl}/health`
  logger.info({ version: release, proxy: proxyUrl, admin: adminUrl, routes, metrics, health }, 'listening')
  if (!process.stderr.isTTY) return
  const lines = routes.map((route) => `  connect  ${route.url}  (upstream ${route.upstream})`)
  process.stderr.write(`Sidelight ${release}\n${lines.join('\n')}\n  metrics  ${metrics}\n  health   ${health}/ready\n`)
}

function url(scheme: string, { address, family, port }: AddressInfo): string {
  const any = address === '0.0.0.0' || address === '::'
  return `${scheme}://${any ? 'localhost' : family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** Ends the process; false where it is ending already. */
type Stop = (reason: string) => boolean

function once(log: Log, end: () => Promise<void>): Stop {
  let stopping = false
  return (reason) => {
    if (stopping) return false
    stopping = true
    void stop(reason, log, end)
    return true
  }
}

async function stop(reason: string, log: Log, end: () => Promise<void>): Promise<void> {
  log.logger.info({ reason }, 'draining')
  let code = 0
  try {
    await end()
    log.logger.info('stopped')
  } catch (err) {
    code = EX_FAILED
    log.logger.error({ err }, 'stop failed')
  }
  await log.flush()
  process.exit(code)
}

/**
 * The first one drains, or lets a drain go on that was asked for otherwise: orchestrators send one in any case. A second
 * one ends at once.
 */
function stopOnSignals(stop: Stop, { logger }: Log): void {
  let signalled = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (signalled) process.exit(EX_FAILED)
      signalled = true
      if (!stop(signal)) logger.info({ signal }, 'draining already')
    })
}

async function giveUp(error: unknown, log: Log): Promise<void> {
  const { code, message, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string }
  const hints: Record<string, string> = {
    EADDRINUSE: `${address}:${port} is in use: stop what listens there, or choose another port (--port, --admin-port)`,
    EACCES: `${address}:${port} is not allowed: choose a port above 1023`,
    EADDRNOTAVAIL: `${address} is not an address of this machine (--host, --admin-host)`,
  }
  const refusals = refusalsOf(error)
  if (refusals !== undefined) {
    process.stderr.write(formatErrors(refusals))
    process.exitCode = EX_USAGE
  } else {
    process.stderr.write(`sidelight: ${hints[code ?? ''] ?? message}\n`)
    if (hints[code ?? ''] === undefined) log.logger.fatal({ err: error }, 'start failed')
    process.exitCode = EX_FAILED
  }
  await log.flush()
  process.exit()
}
