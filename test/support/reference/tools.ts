/** The tools that the conformance suites call in every revision, written once for both SDKs. */
import { setTimeout as pause } from 'node:timers/promises'
import { audio, type Content, embedded, image, text } from './content.ts'
import {
  FORM_OF_DEFAULTS,
  FORM_OF_ENUMS,
  type Form,
  NO_ARGUMENTS,
  type ObjectSchema,
  SCHEMA_2020_12,
  takes,
  USER_FORM,
} from './schemas.ts'

/** What a tool can do during its call; each SDK gives its own. */
export interface Call {
  readonly arguments: Readonly<Record<string, unknown>>
  log(said: string): Promise<void>
  /** Nothing if the caller gave no token. */
  progress(done: number, total: number): Promise<void>
  /** The text of the model's answer. */
  sample(prompt: string): Promise<string>
  elicit(message: string, form: Form): Promise<{ readonly action: string; readonly content?: unknown }>
  /** Ends the stream of this call, so that the caller has to come back for the answer. */
  closeStream(): void
}

export interface Tool {
  readonly description: string
  readonly inputSchema: ObjectSchema
  /** Throws to answer with `isError`. */
  run(call: Call): Content[] | Promise<Content[]>
}

const STEP = 20

const plain = (description: string, ...content: Content[]): Tool => ({
  description,
  inputSchema: NO_ARGUMENTS,
  run: () => content,
})

const asks = (description: string, message: string, form: Form): Tool => ({
  description,
  inputSchema: NO_ARGUMENTS,
  async run(call) {
    const { action, content } = await call.elicit(message, form)
    return [text(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`)]
  },
})

export const TOOLS: Readonly<Record<string, Tool>> = {
  // First, because a suite calls whichever tool is listed first without arguments.
  test_simple_text: plain('Answers with text', text('This is a simple text response for testing.')),
  test_image_content: plain('Answers with a picture', image),
  test_audio_content: plain('Answers with sound', audio),
  test_embedded_resource: plain(
    'Answers with a resource',
    embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
  ),
  test_multiple_content_types: plain(
    'Answers with text, a picture and a resource',
    text('Multiple content types test:'),
    image,
    embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
  ),
  test_error_handling: {
    description: 'Always fails',
    inputSchema: NO_ARGUMENTS,
    run() {
      throw new Error('This tool intentionally returns an error for testing')
    },
  },
  test_tool_with_logging: {
    description: 'Logs while it works',
    inputSchema: NO_ARGUMENTS,
    async run(call) {
      await call.log('Tool execution started')
      await pause(STEP)
      await call.log('Tool processing data')
      await pause(STEP)
      await call.log('Tool execution completed')
      return [text('logged three times')]
    },
  },
  test_tool_with_progress: {
    description: 'Reports its progress',
    inputSchema: NO_ARGUMENTS,
    async run(call) {
      await call.progress(0, 100)
      await pause(STEP)
      await call.progress(50, 100)
      await pause(STEP)
      await call.progress(100, 100)
      return [text('reported three times')]
    },
  },
  test_sampling: {
    description: 'Asks the model of its caller',
    inputSchema: takes('prompt'),
    run: async (call) => [text(`LLM response: ${await call.sample(String(call.arguments.prompt))}`)],
  },
  test_elicitation: {
    description: 'Asks the user of its caller',
    inputSchema: takes('message'),
    async run(call) {
      const { action, content } = await call.elicit(String(call.arguments.message), USER_FORM)
      return [text(`User response: action=${action}, content=${JSON.stringify(content ?? {})}`)]
    },
  },
  test_elicitation_sep1034_defaults: asks('Asks with defaults', 'Please review', FORM_OF_DEFAULTS),
  test_elicitation_sep1330_enums: asks('Asks with choices', 'Please choose', FORM_OF_ENUMS),
  test_reconnection: {
    description: 'Ends its stream before it answers',
    inputSchema: NO_ARGUMENTS,
    async run(call) {
      call.closeStream()
      await pause(STEP)
      return [text('Reconnection test completed')]
    },
  },
  json_schema_2020_12_tool: {
    ...plain('Tool with JSON Schema 2020-12 features', text('valid')),
    inputSchema: SCHEMA_2020_12,
  },
}
