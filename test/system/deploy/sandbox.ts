/** Runs an image's entry point as a container engine would: process 1, an unprivileged user, a read-only root. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Image } from './dockerfile.ts'

/** Mounting takes root. */
export const sandboxMissing =
  process.platform !== 'linux' || spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status !== 0

const SCRIPT = `
set -e
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
for device in null urandom; do mount --bind /dev/$device "$ROOT/dev/$device"; done
mount -o remount,bind,ro "$ROOT"
root=$ROOT user=$1
shift
unset ROOT
exec chroot --userspec="$user" "$root" "$@"
`

export interface Sandbox {
  readonly child: ChildProcess
  /** Of the process inside, as it is seen from outside. */
  pid(): number
}

export function run({ root, env, user, entrypoint }: Image, args: readonly string[], more: NodeJS.ProcessEnv): Sandbox {
  if (!existsSync(join(root, 'nodejs'))) addBase(root)
  const child = spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', SCRIPT, 'sh', user, ...entrypoint, ...args],
    {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env, ...more, ROOT: root },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  return { child, pid: () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')) }
}

/** What the gateway needs of its base image: Node where it lies there, and the C libraries. */
function addBase(root: string): void {
  const node = process.execPath
  const linked = spawnSync('ldd', [node], { encoding: 'utf8' }).stdout
  const libraries = [...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path as string)
  for (const path of libraries) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    cpSync(realpathSync(path), join(root, path))
  }
  mkdirSync(join(root, 'nodejs/bin'), { recursive: true })
  cpSync(realpathSync(node), join(root, 'nodejs/bin/node'))
  for (const folder of ['proc', 'dev', 'tmp']) mkdirSync(join(root, folder))
  for (const device of ['null', 'urandom']) writeFileSync(join(root, 'dev', device), '')
}
