/** The commands of the program: what each does, its own flags, and examples. */

export type CommandName = 'run' | 'check' | 'schema' | 'health' | 'top'

export interface CommandFlag {
  readonly name: string
  /** Stands for the value in the help text; without it, the flag is a switch. */
  readonly value?: string
  readonly description: string
}

export interface CommandWords {
  readonly name: CommandName
  /** What follows the command's word. */
  readonly operand?: 'FILE'
  /** For the list of commands. */
  readonly summary: string
  /** For the command's own help. */
  readonly about: string
  readonly flags: readonly CommandFlag[]
  /** Command line, and what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[]
}

const url: CommandFlag = {
  name: 'url',
  value: 'URL',
  description: 'the gateway to ask, instead of the admin listener of the configuration',
}

const RUN: CommandWords = {
  name: 'run',
  summary: 'run; without an upstream, in front of a built-in demo',
  about: 'Stands in front of MCP servers and shows what happens inside.',
  flags: [],
  examples: [
    ['sidelight', 'look around, with a built-in demo server'],
    ['sidelight --upstream http://127.0.0.1:3001/mcp', 'stand in front of your server'],
    ['sidelight --config gateway.yaml', 'run with a configuration file'],
  ],
}

/** What a word on the command line names. */
export const commands: readonly CommandWords[] = [
  {
    name: 'check',
    operand: 'FILE',
    summary: 'validate a configuration file',
    about:
      'Validates a configuration file with all that flags and environment add. Ends with 0, or with 64 and every error.',
    flags: [],
    examples: [['sidelight check gateway.yaml', 'tell every error of the file']],
  },
  {
    name: 'schema',
    summary: 'print the JSON Schema of the configuration file',
    about: 'Prints the JSON Schema of the configuration file, for editors and other tools.',
    flags: [],
    examples: [['sidelight schema > sidelight.schema.json', 'keep it where your editor finds it']],
  },
  {
    name: 'health',
    summary: 'ask a running gateway whether it is ready',
    about:
      'Asks a running gateway whether it is ready, says so in one line, and ends with 0 (ready) or 1 (not, or no answer in 3 s).',
    flags: [url],
    examples: [
      ['sidelight health', 'ask the gateway on this machine'],
      ['sidelight health --config gateway.yaml', 'ask at the address of its configuration'],
      ['sidelight health --url http://127.0.0.1:9090/health', 'ask whether it is alive, instead of ready'],
    ],
  },
  {
    name: 'top',
    summary: 'watch a running gateway: calls, errors and latencies by tool',
    about:
      'Shows what passes through a running gateway: rate, errors and latencies by tool, sessions, upstreams. q ends it.',
    flags: [
      url,
      { name: 'interval', value: 'TIME', description: 'time between two looks, from 500ms (2s)' },
      {
        name: 'once',
        description: 'print one view and end: of all since the start, or of the next --interval; the same when piped',
      },
    ],
    examples: [
      ['sidelight top', 'watch the gateway on this machine'],
      ['sidelight top --url http://10.0.0.7:9090 --interval 5s', 'watch another one, less often'],
      ['sidelight top --once', 'print one view'],
    ],
  },
]

export function commandNamed(name: CommandName): CommandWords {
  return commands.find((command) => command.name === name) ?? RUN
}

/** Of all commands, once each. */
export const commandFlags: readonly CommandFlag[] = [...new Set(commands.flatMap(({ flags }) => flags))]
