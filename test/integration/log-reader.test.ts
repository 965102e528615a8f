/** A reader of the log that stops reading: traffic goes on, and what was lost is counted to the line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gatewayProcess } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { rawClient } from '../support/raw-client.ts'
import { rawOrigin } from '../support/raw-origin.ts'

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
const LOST = 'sidelight_log_dropped_total'

test('lines that a stalled reader loses are counted, and the log says where they are missing', {
  timeout: 60_000,
}, async (t) => {
  const origin = await rawOrigin()
  t.after(() => origin.close())
  const upstreams = { upstream: { url: `${origin.url}/mcp`, probe: { interval: '1h' } } }
  const g = await gatewayProcess([], { settings: { upstreams, log: { queue: '16KiB' } } })
  t.after(() => g.close())
  const client = await rawClient(g.url)
  t.after(() => client.close())
  let sent = 0
  const ask = async (): Promise<void> => {
    assert.equal((await client.ask({ body: PING })).status, 200)
    sent++
  }
  await ask()
  const exchanges = () => g.log.filter(({ msg }) => msg === 'exchange').length
  const told = () =>
    g.log.filter(({ msg }) => msg === 'log lines were lost').reduce((sum, { lines }) => sum + Number(lines), 0)
  await settles(() => exchanges() === 1)
  assert.equal(await g.metric(LOST), 0, 'nothing is lost while somebody reads')

  g.child.stdout?.pause()
  // What the system and Node take in between is not bounded by us.
  await settles(
    async () => {
      for (let i = 0; i < 200; i++) await ask()
      return (await g.metric(LOST)) >= 500
    },
    { within: 30_000 },
  )
  const lost = await g.metric(LOST)
  g.child.stdout?.resume()
  await settles(
    async () => {
      if (told() > 0 && exchanges() + told() === sent) return true
      // The line about the gap goes with the next one.
      await ask()
      return false
    },
    { within: 20_000, every: 150 },
  )
  assert.equal(told(), await g.metric(LOST))
  assert.ok(told() >= lost)
})
