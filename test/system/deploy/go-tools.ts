/** Builds tools from their Go modules, once for this machine: they lie in the user's cache folder, never in the repository. */
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { cached } from './tool-cache.ts'

const run = promisify(execFile)

/** Kubernetes and Helm need it. Debian 12's is 1.19. */
const [MAJOR, MINOR] = [1, 26]

/** The official archive unpacks to the second, which is not always on the PATH. */
const candidates = ['go', '/usr/local/go/bin/go']
const go = candidates.find((command) => {
  // Without a network, an older one would try to fetch the release that a go.mod asks for.
  const env = { ...process.env, GOTOOLCHAIN: 'local' }
  const { stdout } = spawnSync(command, ['env', 'GOVERSION'], { env, encoding: 'utf8' })
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout ?? '') ?? []
  return Number(major) > MAJOR || (Number(major) === MAJOR && Number(minor) >= MINOR)
})

/** Why nothing can be built here. */
export const goMissing: string | undefined =
  go === undefined ? `no Go ${MAJOR}.${MINOR} or newer, on the PATH or in /usr/local/go (go.dev/dl)` : undefined

/** A program whose source lies in `folder`. Resolves to where the built one lies. */
export function goProgram(folder: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder).sort()) hash.update(name).update(readFileSync(join(folder, name)))
  const name = basename(folder)
  return cached(`${name}-${hash.digest('hex').slice(0, 16)}`, async (target) => {
    await goTool(['build', '-trimpath', '-ldflags=-s -w', '-o', join(target, name), '.'], { cwd: folder })
    return name
  })
}

/** A published program, such as `sigs.k8s.io/kustomize/kustomize/v5` at `v5.8.3`. */
export function goInstall(path: string, version: string, flags: readonly string[] = []): Promise<string> {
  const key = `${path}@${version} ${flags.join(' ')}`.trim().replaceAll(/[^\w.@-]+/g, '-')
  return cached(key, async (target) => {
    await goTool(['install', '-trimpath', ...flags, `${path}@${version}`], { env: { GOBIN: target } })
    return readdirSync(target)[0] as string
  })
}

/** The folder of a module's source. */
export async function goModule(path: string, version: string): Promise<string> {
  const { stdout } = await goTool(['mod', 'download', '-json', `${path}@${version}`], { cwd: '/' })
  return (JSON.parse(stdout) as { Dir: string }).Dir
}

/** Resolves with what `go` printed; rejects if it fails. */
export function goTool(args: readonly string[], { cwd, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  if (go === undefined) throw new Error(goMissing)
  // GOFLAGS of the machine could say -mod=vendor; cgo would need a compiler for C.
  const all = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '', GOWORK: 'off', ...env }
  return run(go, args, { ...(cwd === undefined ? {} : { cwd }), env: all, maxBuffer: 2 ** 24 })
}
