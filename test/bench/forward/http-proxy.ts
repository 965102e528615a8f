/** @fastify/http-proxy with its defaults, a process of its own; runs as plain JavaScript text (see children.ts). */
import type { AddressInfo } from 'node:net'
import httpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'

const app = Fastify()
app.register(httpProxy, { upstream: process.argv[1] as string })
await app.listen({ port: 0, host: '127.0.0.1' })
process.send?.({ port: (app.server.address() as AddressInfo).port })
process.on('disconnect', () => process.exit())
