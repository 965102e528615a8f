/** A real MCP server (2.x SDK, both eras) as a program of its own, so that a test can kill, stop and restart it. */
import { peerServer2x } from '../../support/peers/server-2x.ts'

const { url } = await peerServer2x(Number(process.argv[2]))
process.once('disconnect', () => process.exit())
process.send?.(url)
