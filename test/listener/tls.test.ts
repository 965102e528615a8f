/** The files of a TLS listener: no change of them is missed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { loadTls, reloadTls } from '../../src/listener/tls.ts'
import { certificateAuthority, pemFolder } from '../support/certificates.ts'
import { settles } from '../support/measure.ts'

test('files that changed between the first reading and the first look are served', async (t) => {
  const authority = await certificateAuthority()
  const certificate = (name: string) => authority.issue({ name, dns: ['localhost'] })
  const pem = await pemFolder()
  t.after(() => pem.remove())
  const tls = await pem.writePair('tls', await certificate('first'))
  const server = createServer(loadTls(tls))
  await pem.writePair('tls', await certificate('second'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())

  const told: (Error | undefined)[] = []
  const stop = reloadTls(server, tls, (error) => told.push(error), 50)
  t.after(stop)
  await settles(async () => {
    const { port } = server.address() as AddressInfo
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: authority.cert })
    await once(socket, 'secureConnect')
    const { CN } = socket.getPeerCertificate().subject
    socket.destroy()
    return CN === 'second'
  })
  assert.deepEqual(
    told.filter((error) => error !== undefined),
    [],
  )
})
