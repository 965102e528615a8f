/** Puts the files of a rendered pod into a folder, as the node would mount them, and reads the configuration there. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../../../src/config/config.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { Certificate } from '../../support/certificates.ts'
import { type KubernetesObject, type Labels, only } from './helm.ts'
import { type Container, type Pod, sidelightIn, type Volume } from './relations.ts'

/** What the container's process is started with. */
export interface Started {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Of every Secret whose keys are not named. */
const keysOf = ({ cert, key }: Certificate): Labels => ({ 'tls.crt': cert, 'tls.key': key, 'ca.crt': cert })

const TOKEN = 'a-token-out-of-a-secret'

export function mount(
  objects: readonly KubernetesObject[],
  pod: Pod,
  folder: string,
  certificate: Certificate,
): Started {
  const container = sidelightIn(pod)
  for (const { name, mountPath } of container.volumeMounts) {
    const volume = pod.spec.volumes.find((each) => each.name === name)
    for (const [file, text] of Object.entries(filesOf(volume, objects, certificate))) {
      const path = join(folder, mountPath, file)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text.replaceAll('/etc/sidelight/', `${folder}/etc/sidelight/`))
    }
  }
  return {
    args: container.args ?? [],
    env: environment(container.env, folder),
  }
}

function filesOf(volume: Volume | undefined, objects: readonly KubernetesObject[], certificate: Certificate): Labels {
  if (volume?.configMap) return only(objects, 'ConfigMap', volume.configMap.name).data ?? {}
  if (volume?.secret) return keysOf(certificate)
  const items = volume?.projected?.sources.flatMap(({ secret }) => secret.items) ?? []
  // No two tokens may be the same.
  return Object.fromEntries(items.map(({ path }) => [path, `${TOKEN}-${path}`]))
}

/** That of the image, and over it the container's. */
function environment(stated: Container['env'], folder: string): Record<string, string> {
  const env: Record<string, string> = { SIDELIGHT_HOST: '0.0.0.0', SIDELIGHT_ADMIN_HOST: '0.0.0.0' }
  for (const { name, value = TOKEN } of stated) {
    env[name] = value
      .replaceAll(/\$\((\w+)\)/g, (_, other: string) => env[other] ?? '')
      .replace(/^\/etc\//, `${folder}/etc/`)
  }
  return env
}

/** What the program makes of it; throws every error that it would print. */
export async function configOf({ args, env }: Started): Promise<Config> {
  const loaded = await loadConfig({ argv: args, env, cwd: '/' })
  if ('errors' in loaded) throw new Error(JSON.stringify(loaded.errors, null, 2))
  return loaded.config
}
