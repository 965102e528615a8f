/** The examples in the chart's README, by the name of the file that their first line gives. */
import { readFileSync } from 'node:fs'
import { CHART } from './helm.ts'

const examples = new Map(
  [...readFileSync(`${CHART}/README.md`, 'utf8').matchAll(/^```yaml\n# (\S+)\n(.*?)^```/gms)].map(
    ([, name, text]) => [name as string, text as string] as const,
  ),
)

export function shown(name: string): string {
  const text = examples.get(name)
  if (text === undefined) throw new Error(`README.md shows no ${name}`)
  return text
}
