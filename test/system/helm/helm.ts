/** Runs Helm on the chart. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parseAllDocuments, stringify } from 'yaml'
import { goInstall } from '../deploy/go-tools.ts'

const run = promisify(execFile)

export const CHART = fileURLToPath(new URL('../../../helm/sidelight', import.meta.url))
const HELM = ['helm.sh/helm/v4/cmd/helm', 'v4.3.1', ['-ldflags=-s -w']] as const

/** What Helm has to say to the values of a first look, and to those in which everything is switched on. */
export const RELEASE = { name: 'mcp', namespace: 'tools' }

export type Values = Readonly<Record<string, unknown>>

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Labels
    readonly annotations?: Labels
  }
  // What is in them differs by kind; tests know which they look at.
  readonly spec?: Record<string, never>
  readonly data?: Labels
}

export type Labels = Readonly<Record<string, string>>

/** Resolves to what Helm prints; rejects with what it says when it fails. */
export async function helm(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(await goInstall(...HELM), args, { maxBuffer: 2 ** 25 })
  return stdout
}

/** The manifests of a chart, the configuration file among them. */
export async function template(values: Values = {}, chart = CHART): Promise<string> {
  return withValues(values, (file) =>
    helm('template', RELEASE.name, chart, '--namespace', RELEASE.namespace, '--values', file),
  )
}

export async function withValues<T>(values: Values, use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-helm-'))
  try {
    const file = join(folder, 'values.yaml')
    writeFileSync(file, stringify(values))
    return await use(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function objectsIn(manifests: string): KubernetesObject[] {
  return parseAllDocuments(manifests)
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0]
      return document.toJS() as KubernetesObject | null
    })
    .filter((object) => object !== null)
}

export function only(objects: readonly KubernetesObject[], kind: string, suffix = ''): KubernetesObject {
  const found = objects.filter((each) => each.kind === kind && each.metadata.name.endsWith(suffix))
  if (found.length !== 1) throw new Error(`${found.length} objects of the kind ${kind}, not 1`)
  return found[0] as KubernetesObject
}
