/** Answers the methods of MCP, whatever revision they came by. */
import { setImmediate } from 'node:timers/promises'
import type { Caller } from '../route.ts'
import { healthTools } from './health-tools.ts'
import { incidentTools } from './incident-tools.ts'
import { metricsTool } from './metrics-tool.ts'
import { resources } from './resources.ts'
import type { Sources } from './sources.ts'
import { Arguments, failure, type ToolDefinition, ToolFault, type ToolResult } from './tool.ts'
import { TRIAL_TOOLS } from './trial-tools.ts'

export const CAPABILITIES = { tools: {}, resources: {} }

export const INSTRUCTIONS =
  'This is Sidelight, a gateway in front of MCP servers ("upstreams"); the tools here tell how it and they are, they do not reach the servers. ' +
  'To find what is wrong: get_health first (components, alerts), then get_errors (what fails, how fast, since when), ' +
  'get_metrics (calls, errors and percentiles of each tool), get_slow_calls and get_sessions. ' +
  'The correlation and trace ids that they give stand in the logs and traces of the gateway.'

/** An error of JSON-RPC. */
export class RpcFault extends Error {
  readonly code: number
  readonly data: Readonly<Record<string, unknown>> | undefined

  constructor(code: number, message: string, data?: Readonly<Record<string, unknown>>) {
    super(message)
    this.code = code
    this.data = data
  }
}

export const INVALID_PARAMS = -32602
export const METHOD_NOT_FOUND = -32601

type Params = Readonly<Record<string, unknown>>

export class Answers {
  readonly #tools
  readonly #resources
  #turns: Promise<void> = Promise.resolve()

  constructor(sources: Sources) {
    const tools = [...healthTools(sources), ...incidentTools(sources), metricsTool(sources), ...TRIAL_TOOLS]
    this.#tools = new Map(tools.map((tool) => [tool.definition.name, tool]))
    this.#resources = new Map(resources(sources).map((each) => [each.definition.uri, each]))
  }

  listTools(): { tools: ToolDefinition[] } {
    return { tools: [...this.#tools.values()].map(({ definition }) => definition) }
  }

  /** Throws `RpcFault` for a tool that does not exist; what a tool refuses is its result. */
  async callTool({ name, arguments: given }: Params, caller: Caller): Promise<ToolResult> {
    if (typeof name !== 'string') throw new RpcFault(INVALID_PARAMS, 'params.name must be a text')
    const tool = this.#tools.get(name)
    if (tool === undefined) throw new RpcFault(INVALID_PARAMS, `There is no tool ${name.slice(0, 64)}`)
    const { right, definition, run } = tool
    if (right !== undefined && !caller.rights.has(right))
      return failure(`The tool ${definition.name} needs a token with the right "${right}", which this one lacks`)
    await this.#turn()
    try {
      return await run(new Arguments(given, definition.inputSchema), caller)
    } catch (error) {
      if (error instanceof ToolFault) return failure(error.message)
      throw error
    }
  }

  /** A call may hold the event loop for milliseconds, and a batch has a hundred: exchanges pass in between. */
  #turn(): Promise<void> {
    this.#turns = this.#turns.then(() => setImmediate())
    return this.#turns
  }

  listResources() {
    return { resources: [...this.#resources.values()].map(({ definition }) => definition) }
  }

  /** Throws `RpcFault`. */
  readResource({ uri }: Params) {
    if (typeof uri !== 'string') throw new RpcFault(INVALID_PARAMS, 'params.uri must be a text')
    const found = this.#resources.get(uri)
    if (found === undefined) throw new RpcFault(INVALID_PARAMS, 'There is no such resource', { uri: uri.slice(0, 256) })
    return { contents: [{ uri: found.definition.uri, mimeType: found.definition.mimeType, text: found.read() }] }
  }
}
