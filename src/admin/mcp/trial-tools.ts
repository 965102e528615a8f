/** The tools `echo` and `error_test`, with which a client can be tried. */
import { failure, inputs, READ_ONLY, type Tool, textResult } from './tool.ts'

export const TRIAL_TOOLS: readonly Tool[] = [
  {
    definition: {
      name: 'echo',
      title: 'Echo',
      description: 'Says what it is told: to see that the connection works.',
      inputSchema: inputs({ message: { type: 'string', maxLength: 4096, description: 'What to say.' } }, ['message']),
      annotations: READ_ONLY,
    },
    run: (given) => textResult(given.needed('message', 4096)),
  },
  {
    definition: {
      name: 'error_test',
      title: 'Fail',
      description: 'Always fails: to see how a client shows the error of a tool. Nothing is wrong when it does.',
      inputSchema: inputs({ message: { type: 'string', maxLength: 256, description: 'What the error says.' } }),
      annotations: READ_ONLY,
    },
    run: (given) => failure(given.text('message') ?? 'This is a test error'),
  },
]
