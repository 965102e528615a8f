/** Says what a Kubernetes API server, the restricted Pod Security Standard and the Prometheus operator would object to. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { goModule, goProgram } from './go-tools.ts'

const run = promisify(execFile)
const SOURCE = fileURLToPath(new URL('kubernetes-check', import.meta.url))
const OPERATOR = ['github.com/prometheus-operator/prometheus-operator', 'v0.85.0'] as const

export interface Checked {
  readonly kind: string
  readonly name: string
  /** Empty if the object is accepted as it stands, without a warning. */
  readonly problems: readonly string[]
}

/** Of each object in YAML text of any number of documents. The first call on a machine builds for some minutes. */
export async function validate(manifests: string): Promise<readonly Checked[]> {
  const [check, operator] = await Promise.all([goProgram(SOURCE), goModule(...OPERATOR)])
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-manifests-'))
  try {
    const file = join(folder, 'manifests.yaml')
    writeFileSync(file, manifests)
    const { stdout } = await run(check, ['-crds', join(operator, 'example/prometheus-operator-crd'), file])
    return JSON.parse(stdout) as Checked[]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
