/** Renders kustomizations of deploy/kubernetes, alone or with components. */
import { execFile } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { goInstall } from './go-tools.ts'

const run = promisify(execFile)
const FOLDER = fileURLToPath(new URL('../../../deploy/kubernetes', import.meta.url))
/** The last one that Go 1.26 can build. */
const KUSTOMIZE = ['sigs.k8s.io/kustomize/kustomize/v5', 'v5.8.1'] as const

/** The manifests, as YAML text. Rejects with what kustomize says when it fails. */
export async function kustomized(base: string, components: readonly string[] = []): Promise<string> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'sidelight-kustomize-'))
  try {
    const place = (name: string): string => relative(folder, join(FOLDER, name))
    const kustomization = { resources: [place(base)], components: components.map(place) }
    writeFileSync(join(folder, 'kustomization.yaml'), stringify(kustomization))
    return await kustomizeBuild(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The manifests of the kustomization in a folder. */
export async function kustomizeBuild(folder: string): Promise<string> {
  const { stdout } = await run(await goInstall(...KUSTOMIZE), ['build', folder])
  return stdout
}
