/** Runs the official conformance suites as the programs they are, and reads what they found check by check. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'

/** Scenario → check, status, description and complaint → how often. Two runs that say the same are deeply equal. */
export type Verdicts = Readonly<Record<string, Readonly<Record<string, number>>>>

export type Release = '0.1' | '0.2'

/** One way to run a suite. */
export interface Suite {
  readonly release: Release
  readonly leg: 'server' | 'client'
  /** `undefined` runs all that the release knows. */
  readonly revision?: string
}

interface Check {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly description: string
  readonly errorMessage?: string
}

const HOMES = {
  '0.1': dirname(createRequire(import.meta.url).resolve('conformance-0.1/package.json')),
  '0.2': dirname(createRequire(import.meta.url).resolve('conformance-0.2/package.json')),
}

/** Release 0.1 ends no hanging scenario by itself. */
const TIME_OUT = 100_000

/** `target`: the arguments that name what is tested. `scenario`: only this one, else all of the suite. */
export async function run(
  suite: Suite,
  target: readonly string[],
  { scenario, env = {} }: { scenario?: string | undefined; env?: Readonly<Record<string, string>> } = {},
): Promise<Verdicts> {
  const folder = await mkdtemp(join(tmpdir(), 'sidelight-conformance-'))
  try {
    const args = [suite.leg, ...target, '-o', folder, ...chosen(suite, scenario)]
    const output = await program(join(HOMES[suite.release], 'dist/index.js'), args, env)
    const verdicts = await verdictsIn(folder)
    if (Object.keys(verdicts).length === 0) throw new Error(`the suite found nothing:\n${output}`)
    return verdicts
  } finally {
    await rm(folder, { recursive: true })
  }
}

function chosen({ release, revision }: Suite, scenario: string | undefined): readonly string[] {
  if (scenario !== undefined) {
    return ['--scenario', scenario, ...(revision === undefined ? [] : ['--spec-version', revision])]
  }
  if (revision === undefined) return ['--suite', 'all']
  const hasRequirements = release === '0.2' && revision >= '2025-11-25'
  return hasRequirements ? ['--requirements', revision] : ['--suite', 'all', '--spec-version', revision]
}

/** Resolves with what it printed, whatever its exit code: that only repeats the checks. */
function program(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`the suite did not end within ${TIME_OUT} ms:\n${output}`))
    }, TIME_OUT)
    child.once('close', () => {
      clearTimeout(timer)
      resolve(output)
    })
  })
}

/** A result's folder is named `[server-]SCENARIO-TIME`; client scenarios may have a folder of their own above it. */
async function verdictsIn(folder: string): Promise<Verdicts> {
  const verdicts: Record<string, Record<string, number>> = {}
  for (const file of await readdir(folder, { recursive: true })) {
    const scenario = /^(?:server-)?(.+)-\d{4}-\d\d-\d\dT[\d-]+Z\/checks\.json$/.exec(file)?.[1]
    if (scenario === undefined) continue
    const counts: Record<string, number> = {}
    for (const check of (JSON.parse(await readFile(join(folder, file), 'utf8')) as Check[]).map(told)) {
      counts[check] = (counts[check] ?? 0) + 1
    }
    verdicts[scenario] = counts
  }
  return verdicts
}

/** Ports and durations differ from run to run, and mean nothing. */
function told({ id, name, status, description, errorMessage = '' }: Check): string {
  return `${id} ${name} ${status}: ${description} ${errorMessage}`
    .replace(/:\d{4,5}\b/g, ':PORT')
    .replace(/\b\d+ms\b/g, 'N ms')
    .trimEnd()
}

/** The scenarios of a revision that count, as the suite itself lists them. */
export async function scored(revision: string, leg: Suite['leg']): Promise<readonly string[]> {
  const file = join(HOMES['0.2'], 'requirements', `${revision}.yaml`)
  return (parse(await readFile(file, 'utf8')) as Record<Suite['leg'], string[]>)[leg]
}

/** The scenarios in which at least one check failed. */
export function failures(verdicts: Verdicts): readonly string[] {
  return Object.keys(verdicts).filter((scenario) =>
    Object.keys(verdicts[scenario] ?? {}).some((check) => / FAILURE: /.test(check)),
  )
}
