/** Writes docs/configuration.md from the schema and the table of flags. */
import { example } from './example.ts'
import { type Flag, flags, variables } from './flags.ts'
import { noun, presence, type Schema } from './schema.ts'
import { settings } from './settings.ts'
import { aliasVariables, standardVariables, type Variable } from './telemetry-variables.ts'

export function configurationDocument(): string {
  const sections = Object.entries(settings.properties ?? {}).map(([key, schema]) => section(key, schema))
  return `# Configuration

<!-- Generated from src/config by \`node .ci/generate-docs.ts\`: change it there. -->

Flags go over environment variables, those over the file, that over the defaults. All errors are told at once, each with its
place and what to do, and the process ends with exit code 64.

\`\`\`yaml
${example}\`\`\`

- \`sidelight --config gateway.yaml\` runs with a file, \`sidelight check gateway.yaml\` only validates it,
  \`sidelight schema\` prints its JSON Schema.
- The file is YAML, or JSON. Durations are written \`500ms\`, \`10s\`, \`5m\`, \`1h\`, or as a number of milliseconds; sizes \`512B\`,
  \`16KiB\`, \`4MiB\`, \`1MB\`, or as a number of bytes.
- \`\${NAME}\` in a value is the environment variable of that name, \`\${NAME:-default}\` has a default for when it is unset or
  empty, and \`$\${\` stands for a plain \`\${\`.
- Paths of files are relative to the folder of the configuration file.

## Flags and environment variables

| flag | variable | sets | |
| --- | --- | --- | --- |
${variables.map(flagRow).join('\n')}

\`--help\` and \`--version\` have no variable. An empty variable counts as unset, and an unknown \`SIDELIGHT_*\` variable is an
error, except for those that Kubernetes sets for a Service called \`sidelight\` or \`sidelight-…\`, which are ignored with a warning.

\`--upstream\` adds the upstream \`default\`, or overrides the URL of the file's. When the file has no routes, a sole upstream gets
one at the path of its URL, to which \`--passthrough\` adds paths.

## Variables of OpenTelemetry

They work as everywhere, over the file. Durations are milliseconds. A variable for one signal goes over the one for all.

| variable | sets |
| --- | --- |
${standardVariables.map(variableRow).join('\n')}

Variables that other MCP gateways use weigh least: they fill in what neither the file nor another variable says.

| variable | sets |
| --- | --- |
${aliasVariables.map(variableRow).join('\n')}

${sections.join('\n\n')}
`
}

function flagRow({ name, variable, value = '', setting, description }: Flag): string {
  const sets = setting === undefined ? '' : code(setting.join('.'))
  const typed = flags.some((flag) => flag.name === name) ? code(`--${name} ${value}`.trim()) : ''
  return row([typed, code(variable), sets, sentence(description)])
}

function variableRow({ name, sets }: Variable): string {
  return row([code(name), sets])
}

function section(key: string, schema: Schema): string {
  const rows = settingRows(key, schema)
  const table = ['| setting | value | default | |', '| --- | --- | --- | --- |', ...rows].join('\n')
  return `## ${code(key)}\n\n${schema.description}\n\n${table}`
}

/** A row for each setting at or below `path`; mappings and lists of mappings are told by what is in them. */
function settingRows(path: string, schema: Schema): string[] {
  if (schema.properties) {
    const inner = Object.entries(schema.properties).flatMap(([key, child]) => settingRows(`${path}.${key}`, child))
    // An optional mapping says so itself; other mappings are only there for what is in them.
    return schema[presence] === undefined ? inner : [settingRow(path, schema), ...inner]
  }
  if (schema.items?.properties) return settingRows(`${path}[]`, schema.items)
  const values = schema.additionalProperties || undefined
  if (values?.properties) return settingRows(`${path}.<name>`, values)
  return [settingRow(path, schema)]
}

function settingRow(path: string, schema: Schema): string {
  const preset = schema.default ?? (schema[presence] === undefined ? undefined : null)
  const shown = preset === undefined ? 'must be set' : preset === null ? 'unset' : code(plain(preset))
  return row([code(path), kind(schema), shown, schema.description ?? ''])
}

function kind(schema: Schema): string {
  if (schema.items) return `list: ${kind(schema.items)}`
  if (schema.additionalProperties) return 'mapping'
  const names: Readonly<Record<string, string>> = { boolean: 'true or false', object: 'mapping', string: 'text' }
  return (schema[noun] ?? names[String(schema.type)] ?? '').replace(/^an? /, '')
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function code(text: string): string {
  return `\`${text}\``
}

function sentence(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}.`
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
