/** The bench's gateway, in one process with a route that does nothing, so that both share an event loop. */
import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'
import { loadConfig } from '../../../src/config/load.ts'
import { buildGateway } from '../../../src/gateway.ts'
import { FASTIFY_OPTIONS } from '../../../src/listener/server-options.ts'
import { createLog } from '../../../src/telemetry/log.ts'

export interface StandPorts {
  readonly proxy: number
  readonly admin: number
  readonly trivial: number
}

async function start(originPort: number): Promise<StandPorts> {
  const argv = ['--upstream', `http://127.0.0.1:${originPort}/mcp`, '--port', '0', '--admin-port', '0']
  const loaded = await loadConfig({ argv, env: {}, cwd: process.cwd() })
  if ('errors' in loaded) throw new Error(JSON.stringify(loaded.errors))
  const log = createLog({ level: 'info', destination: { write() {} } })
  const gateway = await buildGateway(loaded.config, { log, version: 'bench' })
  const { proxy, admin } = await gateway.start()
  const trivial = fastify(FASTIFY_OPTIONS)
  trivial.get('/', (_request, reply) => reply.send({ status: 'healthy' }))
  await trivial.listen({ host: '127.0.0.1', port: 0 })
  return { proxy: proxy.port, admin: admin.port, trivial: (trivial.server.address() as AddressInfo).port }
}

process.once('message', ({ originPort }: { originPort: number }) => {
  start(originPort).then(
    (ports) => process.send?.(ports),
    (error: Error) => process.send?.({ error: error.message }),
  )
})
process.on('disconnect', () => process.exit())
