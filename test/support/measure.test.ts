/** Proves that the measures move when what they measure does. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { blackHole } from './black-hole.ts'
import { activeResources, listenerCount, listenerWarnings, processUse, settles, watchRss } from './measure.ts'
import { rawClient } from './raw-client.ts'
import { rawOrigin } from './raw-origin.ts'

test('counts the sockets of a process, and active resources of this one', async () => {
  const origin = await rawOrigin()
  const before = await processUse()
  const wrapsBefore = activeResources().TCPSocketWrap ?? 0
  const clients = await Promise.all(Array.from({ length: 5 }, () => rawClient(origin.url)))
  await settles(() => origin.connections.length === 5)
  assert.equal((await processUse()).sockets - before.sockets, 10)
  assert.equal((activeResources().TCPSocketWrap ?? 0) - wrapsBefore, 10)
  for (const client of clients) client.close()
  await settles(async () => (await processUse()).sockets === before.sockets, { what: 'the closed sockets' })
  assert.ok(before.descriptors >= before.sockets)
  await origin.close()
})

test('sees the memory of a child, its peak, and its end', async () => {
  const script = `setTimeout(() => { globalThis.kept = Buffer.alloc(100e6, 1); process.send('grown') }, 50); setInterval(() => {}, 1e6)`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const pid = child.pid ?? 0
  const watch = watchRss(pid, 5)
  await once(child, 'message')
  await settles(() => watch.peak > 100e6, { what: 'the growth' })
  const { rss, peakRss, threads } = await processUse(pid)
  const peak = await watch.stop()
  child.kill()
  await once(child, 'exit')
  assert.ok(rss > 100e6 && peakRss >= rss && threads > 1)
  assert.ok(peak > 100e6)
  await assert.rejects(processUse(pid), { code: 'ENOENT' })
})

test('settles waits for a value, and says what it waited for in vain', async () => {
  let round = 0
  assert.equal(await settles(() => (++round > 3 ? 'there' : '')), 'there')
  await assert.rejects(
    settles(() => 0, { within: 20, what: 'the count' }),
    /the count did not settle within 20 ms: 0/,
  )
  await assert.rejects(
    settles(() => assert.fail('still wrong'), { within: 20 }),
    /still wrong/,
  )
})

test('counts listeners and catches the warning of too many', async () => {
  const emitter = new EventEmitter()
  const seen = listenerWarnings()
  for (let index = 0; index < 10; index++) emitter.on('x', () => {})
  assert.equal(listenerCount(emitter), 10)
  await new Promise(setImmediate)
  assert.equal(seen.warnings.length, 0)
  emitter.on('x', () => {})
  await settles(() => seen.warnings.length === 1)
  seen.stop()
})

test('a black hole neither accepts nor refuses', async () => {
  const hole = await blackHole()
  const socket = connect(hole.port, '127.0.0.1')
  const seen: string[] = []
  for (const name of ['connect', 'error', 'close']) socket.on(name, () => seen.push(name))
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.deepEqual(seen, [])
  socket.destroy()
  await hole.close()
})
