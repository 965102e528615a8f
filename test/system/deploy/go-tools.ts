/** Builds tools from their Go modules, once for this machine: they lie in the user's cache folder, never in the repository. */
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Kubernetes and Helm need it. Debian 12's is 1.19. */
const [MAJOR, MINOR] = [1, 26]
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sidelight', 'tools')

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

/** Whoever comes first builds; everybody else waits. What is half built is never found under the final name. */
async function cached(key: string, build: (target: string) => Promise<string>): Promise<string> {
  const folder = join(CACHE, key)
  const program = (): string => join(folder, readFileSync(join(folder, 'name'), 'utf8'))
  mkdirSync(CACHE, { recursive: true })
  const lock = `${folder}.lock`
  while (!existsSync(folder)) {
    if (!taken(lock)) {
      await delay(500)
      continue
    }
    const target = mkdtempSync(`${folder}.new-`)
    try {
      const name = await build(target)
      writeFileSync(join(target, 'name'), name)
      if (!existsSync(folder)) renameSync(target, folder)
    } finally {
      rmSync(target, { recursive: true, force: true })
      rmSync(lock, { force: true })
    }
  }
  return program()
}

/** A lock that nobody holds any more is removed, for the next attempt. */
function taken(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    const holder = Number(existsSync(lock) ? readFileSync(lock, 'utf8') : 0)
    if (holder > 0 && !isAlive(holder)) rmSync(lock, { force: true })
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
