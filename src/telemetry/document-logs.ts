/** Turns the table of fields into docs/logs.md. */
import { ACCESS_FIELDS, type AccessField } from './access-fields.ts'

const INTRODUCTION = `# Logs

The table of fields is generated from \`src/telemetry/access-fields.ts\` and the words from \`src/telemetry/document-logs.ts\`, by
\`node .ci/generate-docs.ts\`; do not edit.

One JSON object a line, on standard output unless \`log.destination\` says otherwise. Every line begins with \`level\`, \`time\` and
\`module\` and ends with \`msg\`. \`log.format: console\` makes the same lines readable at a terminal.

\`\`\`yaml
log:
  level: warn
  levels: { upstream: debug, access: info }
  destination: /var/log/sidelight/sidelight.log
  filter: { sample: 0.1, minDuration: 50ms }
  slow: { default: 2s, tools: { 'search_*': 30s } }
\`\`\`

- \`module\` is the part of Sidelight that speaks: \`access\` for the access log, \`main\` for the process, else a folder of \`src\`.
  \`log.levels\` sets the level of single ones.
- Writing never blocks and never fails: lines wait (\`log.queue\`) while the reader is slow or the disk is full, and are written once
  there is room. What does not fit is lost, \`sidelight_log_dropped_total\` counts it, and a line \`log lines were lost\` stands where
  lines are missing. A reader of a pipe that is gone takes all later lines with it.
- A log file is added to. On SIGHUP it is opened anew by its name: move it away, then send the signal.

## The access log

One line for each exchange (\`log.access\`), at its end. Its fields, in their order:

| field | kind | there if | meaning |
| --- | --- | --- | --- |`

const REST = `
\`log.filter\` leaves lines out where there are too many: by a share of all exchanges, by duration, by outcome. An exchange is
written when it fits all three. Lines of level \`warn\` are always written. The share is taken by correlation id: the same id is
written everywhere or nowhere.

## Slow operations

What takes as long as \`log.slow\` says is told in a line of level \`warn\`, \`slow operation\`, of the module \`inspection\`, and counted
in \`mcp_slow_operations_total\`. The line has \`correlation_id\`, \`upstream\`, \`mcp.method.name\`, \`gen_ai.tool.name\` or \`gen_ai.prompt.name\`,
\`jsonrpc.request.id\`, \`mcp.protocol.version\`, \`outcome\`, \`error.type\`, \`duration_ms\`, the \`threshold_ms\` that it reached, and
\`asked_by\`: \`downstream\` or \`upstream\`. An operation ends when its own response passes, on whichever stream, so that an exchange
may be longer or shorter than it.

## Alerts

What is critical by the rules of \`alerts\` is told in a line of level \`fatal\`, \`alert firing\`, of the module \`incidents\`, and when it is
over in one of level \`info\`, \`alert resolved\`. Both have \`alert: true\`, and \`name\` (of the rule), \`severity\` and \`upstream\`; the first has a
\`summary\`, the second \`duration_ms\`. The process goes on: \`fatal\` is how bad it is, not what becomes of it.

## What is never written

- Bodies: arguments, results, error messages of JSON-RPC, URIs of resources.
- Headers, but for the correlation id; a session id only as the digits that stand for it.
- Queries and fragments of URLs, and credentials in them.
- In whatever else is logged, fields that are named like credentials, at any depth; in texts, such as messages of errors,
  credentials in URLs, \`Authorization\` and \`Cookie\` headers, \`name=value\` of tokens and passwords, and what \`JSON.parse\` quotes of
  a text that it cannot read.

Names of tools and prompts, JSON-RPC ids, correlation ids, paths and what a downstream calls itself are written as they are, with
control characters escaped, and cut at 1,024 characters.
`

/** The whole page as Markdown. */
export function documentLogs(): string {
  return [INTRODUCTION, ...ACCESS_FIELDS.map(row), REST].join('\n')
}

function row({ name, kind, when, meaning }: AccessField): string {
  return `| \`${name}\` | ${kind} | ${when === '' ? 'always' : when} | ${meaning} |`
}
