/** Carries out a Dockerfile without a container engine: each stage is a folder, and RUN runs on this machine in it. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'

export interface Image {
  /** The folder that is its root. What its base image holds is missing. */
  readonly root: string
  readonly base: string
  readonly env: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly user: string
  readonly entrypoint: readonly string[]
  /** Empty if there is none. */
  readonly healthcheck: readonly string[]
}

interface Instruction {
  readonly name: string
  readonly text: string
}

interface Stage extends Image {
  readonly env: Record<string, string>
  readonly labels: Record<string, string>
  user: string
  entrypoint: readonly string[]
  healthcheck: readonly string[]
  folder: string
}

export interface BuildOptions {
  readonly dockerfile: string
  /** The folder that would be sent to the engine; its .dockerignore holds. */
  readonly source: string
  readonly into: string
  readonly env: NodeJS.ProcessEnv
}

/** The last stage. Throws at an instruction that it does not know, and at a RUN that fails. */
export function build({ dockerfile, source, into, env }: BuildOptions): Image {
  const sent = ignored(readFileSync(join(source, '.dockerignore'), 'utf8'))
  const stages = new Map<string, Stage>()
  let stage: Stage | undefined
  for (const { name, text } of instructions(readFileSync(dockerfile, 'utf8'))) {
    if (name === 'FROM') {
      const [base = '', , alias = String(stages.size)] = text.split(/\s+/)
      stage = {
        root: join(into, alias),
        base,
        env: {},
        labels: {},
        user: 'root',
        entrypoint: [],
        healthcheck: [],
        folder: '/',
      }
      mkdirSync(stage.root, { recursive: true })
      stages.set(alias, stage)
      continue
    }
    if (stage === undefined) throw new Error(`${name} before FROM`)
    switch (name) {
      case 'WORKDIR':
        stage.folder = text
        mkdirSync(join(stage.root, text), { recursive: true })
        break
      case 'COPY':
        copy(stage, text, { source, sent, stages })
        break
      case 'RUN': {
        const cwd = join(stage.root, stage.folder)
        const { status, stderr } = spawnSync('sh', ['-ec', text], { cwd, env, encoding: 'utf8' })
        if (status !== 0) throw new Error(`RUN ${text}: ${stderr}`)
        break
      }
      case 'ENV':
        Object.assign(stage.env, pairs(text))
        break
      case 'LABEL':
        Object.assign(stage.labels, pairs(text))
        break
      case 'USER':
        stage.user = text
        break
      case 'ENTRYPOINT':
        stage.entrypoint = JSON.parse(text) as string[]
        break
      case 'HEALTHCHECK':
        stage.healthcheck = JSON.parse(text.replace(/^(--\S+\s+)*CMD\s+/, '')) as string[]
        break
      case 'ARG':
      case 'EXPOSE':
        break
      default:
        throw new Error(`unknown instruction ${name}`)
    }
  }
  if (stage === undefined) throw new Error('no stage')
  return stage
}

function instructions(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  const whole = lines.join('\n').replaceAll(/\\\n\s*/g, '')
  return whole.split('\n').flatMap((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? []
    return name === undefined || rest === undefined ? [] : [{ name, text: rest }]
  })
}

function pairs(text: string): Record<string, string> {
  const found = text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)
  return Object.fromEntries([...found].map(([, key, quoted, bare]) => [key, quoted ?? bare ?? '']))
}

interface Sources {
  readonly source: string
  readonly sent: (path: string) => boolean
  readonly stages: ReadonlyMap<string, Stage>
}

function copy(stage: Stage, text: string, { source, sent, stages }: Sources): void {
  const words = text.split(/\s+/)
  const from = words[0]?.startsWith('--from=') ? stages.get((words.shift() ?? '').slice(7)) : undefined
  const last = words.pop() ?? ''
  const target = join(stage.root, stage.folder, last)
  for (const word of words) {
    const path = join(from?.root ?? source, word)
    // As Docker does: a trailing slash means a folder for files, and a folder's content takes the target's place.
    const into = last.endsWith('/') && !statSync(path).isDirectory() ? join(target, basename(path)) : target
    mkdirSync(dirname(into), { recursive: true })
    const filter = (file: string): boolean => from !== undefined || sent(relative(source, file))
    cpSync(path, into, { recursive: true, verbatimSymlinks: true, filter })
  }
}

/** Understands `*` first and then what is sent all the same. */
function ignored(text: string): (path: string) => boolean {
  const [all, ...kept] = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  if (all !== '*' || !kept.every((line) => /^![\w./-]+$/.test(line)))
    throw new Error('.dockerignore has become complex')
  const paths = kept.map((line) => line.slice(1))
  return (path) => paths.some((kept) => `${path}/`.startsWith(`${kept}/`) || `${kept}/`.startsWith(`${path}/`))
}
