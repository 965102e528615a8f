/** The rules of deploy/prometheus, read from their files. */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Rule {
  readonly file: string
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Omit<Rule, 'file'>[] }[]
}

interface TestFile {
  readonly tests: readonly { readonly name: string; readonly input_series: readonly { readonly series: string }[] }[]
}

const files = (pattern: string): string[] => globSync(pattern, { cwd: ROOT }).sort()
const read = <T>(file: string): T => parse(readFileSync(`${ROOT}${file}`, 'utf8')) as T

export function rules(): Rule[] {
  return files('deploy/prometheus/{rules,alerts}/*.yml').flatMap((file) =>
    read<RuleFile>(file).groups.flatMap((group) => group.rules.map((rule) => ({ ...rule, file }))),
  )
}

export function unitTests(): TestFile['tests'][number][] {
  return files('deploy/prometheus/tests/*.yml').flatMap((file) => read<TestFile>(file).tests)
}
