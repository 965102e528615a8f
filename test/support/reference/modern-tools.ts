/** The tools and the prompt that only the 2.x SDK can serve: input_required rounds, list changes, declared capabilities. */
import {
  acceptedContent,
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type GetPromptResult,
  type InputRequest,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type RequestStateCodec,
  type ServerContext,
  type ServerNotifier,
} from '@modelcontextprotocol/server'
import { text } from './content.ts'
import { type Form, NO_ARGUMENTS, type ObjectSchema, takes } from './schemas.ts'

export interface ModernCall {
  readonly arguments: Readonly<Record<string, unknown>>
  readonly call: ServerContext
  readonly changed: ServerNotifier
  readonly states: RequestStateCodec
}

type Envelope = { readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities } | undefined
type Result = CallToolResult | InputRequiredResult

export interface ModernTool {
  readonly description: string
  readonly inputSchema: ObjectSchema
  run(call: ModernCall): Result | Promise<Result>
}

const done = (said: string): CallToolResult => ({ content: [text(said) as { type: 'text'; text: string }] })

const form = (
  message: string,
  field: string,
  property: Form['properties'][string] = { type: 'string' },
): InputRequest =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties: { [field]: property }, required: [field] },
  })

const question = (asked: string, maxTokens: number): InputRequest =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: asked } }], maxTokens })

const tool = (description: string, run: ModernTool['run']): ModernTool => ({
  description,
  inputSchema: NO_ARGUMENTS,
  run,
})

/** Asks for a confirmation, and takes it only with the state that it gave out. */
const confirmed = (description: string): ModernTool =>
  tool(description, async ({ call: { mcpReq }, states }) => {
    if (acceptedContent(mcpReq.inputResponses, 'confirm') !== undefined && mcpReq.requestState() === 'asked') {
      return done('state-ok')
    }
    const inputRequests = { confirm: form('Please confirm', 'ok', { type: 'boolean' }) }
    return inputRequired({ inputRequests, requestState: await states.mint('asked') })
  })

export const MODERN_TOOLS: Readonly<Record<string, ModernTool>> = {
  test_input_required_result_elicitation: tool('Asks for a name', ({ call: { mcpReq } }) => {
    const name = acceptedContent(mcpReq.inputResponses, 'user_name')?.name
    if (typeof name === 'string') return done(`Hello, ${name}!`)
    return inputRequired({ inputRequests: { user_name: form('What is your name?', 'name') } })
  }),
  test_input_required_result_sampling: tool('Asks a model', ({ call: { mcpReq } }) => {
    const answer = inputResponse(mcpReq.inputResponses, 'capital_question')
    if (answer.kind === 'sampling') return done(JSON.stringify(answer.result.content))
    return inputRequired({ inputRequests: { capital_question: question('What is the capital of France?', 100) } })
  }),
  test_input_required_result_list_roots: tool('Asks for roots', ({ call: { mcpReq } }) => {
    const answer = inputResponse(mcpReq.inputResponses, 'client_roots')
    if (answer.kind === 'roots') return done(answer.roots.map(({ uri }) => uri).join(' '))
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } })
  }),
  test_input_required_result_request_state: confirmed('Gives out a state'),
  test_input_required_result_tampered_state: confirmed('Gives out a signed state'),
  test_input_required_result_multiple_inputs: tool('Asks for three things', async ({ call: { mcpReq }, states }) => {
    const kinds = ['user_name', 'greeting', 'client_roots'].map((key) => inputResponse(mcpReq.inputResponses, key).kind)
    if (!kinds.includes('missing')) return done(`got ${kinds.join(', ')}`)
    const inputRequests = {
      user_name: form('What is your name?', 'name'),
      greeting: question('Generate a greeting', 50),
      client_roots: inputRequired.listRoots(),
    }
    return inputRequired({ inputRequests, requestState: await states.mint('three') })
  }),
  test_input_required_result_multi_round: tool('Asks twice', async ({ call: { mcpReq }, states }) => {
    const round = mcpReq.requestState<number>() ?? 0
    if (round === 2 && acceptedContent(mcpReq.inputResponses, 'step2') !== undefined) return done('asked twice')
    const isSecond = round === 1 && acceptedContent(mcpReq.inputResponses, 'step1') !== undefined
    const inputRequests: Record<string, InputRequest> = isSecond
      ? { step2: form('Step 2: What is your favorite color?', 'color') }
      : { step1: form('Step 1: What is your name?', 'name') }
    return inputRequired({ inputRequests, requestState: await states.mint(isSecond ? 2 : 1) })
  }),
  test_input_required_result_capabilities: tool('Asks for what its caller can give', ({ call: { mcpReq } }) => {
    const can = (mcpReq.envelope as Envelope)?.[CLIENT_CAPABILITIES_META_KEY]
    const inputRequests: Record<string, InputRequest> = {}
    if (can?.sampling !== undefined) inputRequests.model = question('Which capabilities?', 50)
    if (can?.elicitation !== undefined) inputRequests.user = form('Which capabilities?', 'name')
    return Object.keys(inputRequests).length === 0 ? done('none') : inputRequired({ inputRequests })
  }),
  test_missing_capability: tool('Needs a model', () =>
    inputRequired({ inputRequests: { model: question('Anything?', 10) } }),
  ),
  test_streaming_elicitation: tool('Streams before it asks', async ({ call: { mcpReq } }) => {
    await mcpReq.notify({ method: 'notifications/progress', params: { progressToken: mcpReq.id, progress: 1 } })
    return inputRequired({ inputRequests: { user_name: form('What is your name?', 'name') } })
  }),
  test_logging_tool: tool('Logs, to whom asks for it', async ({ call: { mcpReq } }) => {
    await mcpReq.log('info', 'logged')
    return done('logged, or not')
  }),
  test_trigger_tool_change: tool('Says that tools changed', ({ changed }) => {
    changed.toolsChanged()
    return done('said')
  }),
  test_trigger_prompt_change: tool('Says that prompts changed', ({ changed }) => {
    changed.promptsChanged()
    return done('said')
  }),
  test_custom_header: {
    description: 'Wants its region as a header too',
    inputSchema: takes('region', { 'x-mcp-header': 'Region' }),
    run: ({ arguments: { region } }) => done(String(region)),
  },
}

export function promptThatAsks({ mcpReq }: ServerContext): GetPromptResult | InputRequiredResult {
  const said = acceptedContent(mcpReq.inputResponses, 'user_context')?.context
  if (typeof said === 'string') {
    return { messages: [{ role: 'user', content: { type: 'text', text: `In the context of ${said}` } }] }
  }
  return inputRequired({ inputRequests: { user_context: form('What context should the prompt use?', 'context') } })
}
