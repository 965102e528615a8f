/** What the suite starts as the client of one scenario: it has the desk hold the conversation, and ends as that ended. */
import { request } from 'node:http'

const [desk = '', url] = process.argv.slice(2)
const { MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_PROTOCOL_VERSION, MCP_CONFORMANCE_CONTEXT = '{}' } = process.env
const task = {
  url,
  scenario: MCP_CONFORMANCE_SCENARIO,
  revision: MCP_CONFORMANCE_PROTOCOL_VERSION,
  given: JSON.parse(MCP_CONFORMANCE_CONTEXT) as unknown,
}
request(desk, { method: 'POST' }, (response) => {
  response.pipe(process.stderr)
  process.exitCode = response.statusCode === 200 ? 0 : 1
}).end(JSON.stringify(task))
