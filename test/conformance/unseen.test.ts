/** The program is transparent where no public suite looks. */
import { after, afterEach, before, describe, it } from 'node:test'
import { type GatewayProcess, gatewayProcess } from '../support/gateway.ts'
import { CHECKS, type Origin, origin } from './unseen.ts'

describe('what no suite sees', { timeout: 90_000 }, () => {
  let behind: Origin
  let front: GatewayProcess
  before(async () => {
    behind = await origin()
    front = await gatewayProcess(['--upstream', behind.url])
  })
  afterEach(() => behind.forget())
  after(async () => {
    await front.close()
    await behind.close()
  })

  for (const [name, check] of Object.entries(CHECKS)) it(name, () => check(`${front.url}/mcp`, behind))
})
