/** Tokens: whose they are, and how they follow their files. */
import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { Tokens, tokenFault } from '../../src/admin/tokens.ts'
import { settles } from '../support/measure.ts'

const ONE = 'first-token-0123456789'
const TWO = 'second-token-012345678'

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'sidelight-tokens-'))
  t.after(() => rmSync(made, { recursive: true }))
  return made
}

describe('tokens', () => {
  it('are told apart, each with its name and rights', () => {
    const tokens = new Tokens([
      { name: 'looker', rights: ['read'], token: ONE },
      { name: 'writer', rights: ['write', 'read'], token: TWO },
    ])
    const shown = (token: string) => [tokens.bearer(token)?.name, ...(tokens.bearer(token)?.rights ?? [])]
    assert.deepEqual(shown(ONE), ['looker', 'read'])
    assert.deepEqual(shown(TWO), ['writer', 'write', 'read'])
    for (const wrong of ['', ONE.slice(0, -1), `${ONE}x`, ONE.toUpperCase(), `${ONE}${TWO}`])
      assert.equal(tokens.bearer(wrong), undefined, wrong)
    assert.equal(new Tokens([]).none, true)
  })

  it('never stand as they are in what could be printed', () => {
    const tokens = new Tokens([{ name: 'looker', rights: ['read'], token: ONE }])
    assert.doesNotMatch(JSON.stringify([tokens, tokens.bearer(ONE)]), /first-token/)
  })

  it('are read again when their file changes, also where a link is swapped as Kubernetes does', async (t) => {
    const at = folder(t)
    writeFileSync(join(at, 'one'), `${ONE}\n`)
    writeFileSync(join(at, 'two'), TWO)
    symlinkSync('one', join(at, 'token'))
    const heard: string[] = []
    const source = { name: 'looker', rights: ['read'], tokenFile: join(at, 'token') } as const
    const tokens = new Tokens([source], (name, error) => heard.push(`${name} ${error?.message}`), 20)
    t.after(() => tokens.close())
    assert.equal(tokens.bearer(ONE)?.name, 'looker')
    symlinkSync('two', join(at, 'next'))
    renameSync(join(at, 'next'), join(at, 'token'))
    await settles(() => tokens.bearer(TWO) !== undefined)
    assert.equal(tokens.bearer(ONE), undefined)
    assert.deepEqual(heard, ['looker undefined'])
  })

  it('are read again also when their file changes as soon as it was read', async (t) => {
    const file = join(folder(t), 'token')
    writeFileSync(file, ONE)
    const tokens = new Tokens([{ name: 'looker', rights: ['read'], tokenFile: file }], () => {}, 20)
    t.after(() => tokens.close())
    writeFileSync(file, TWO)
    await settles(() => tokens.bearer(TWO) !== undefined)
    assert.equal(tokens.bearer(ONE), undefined)
  })

  it('stay as they were while their file is gone or holds nothing that could be one, which is told', async (t) => {
    const file = join(folder(t), 'token')
    writeFileSync(file, ONE)
    const heard: string[] = []
    const told = (_name: string, error: Error | undefined) => heard.push(error?.message ?? 'fine')
    const tokens = new Tokens([{ name: 'looker', rights: ['read'], tokenFile: file }], told, 20)
    t.after(() => tokens.close())
    writeFileSync(file, 'short')
    await settles(() => heard.length === 1)
    assert.deepEqual(heard, ['the token has fewer than 16 characters'])
    unlinkSync(file)
    await settles(() => heard.length === 2)
    assert.match(heard[1] ?? '', /ENOENT/)
    assert.equal(tokens.bearer(ONE)?.name, 'looker')
    writeFileSync(file, TWO)
    await settles(() => tokens.bearer(TWO) !== undefined)
    assert.equal(tokens.bearer(ONE), undefined)
  })
})

describe('a token that moves from one file to the next', () => {
  it("is never that of two, and is the next one's once the first has let go of it", async (t) => {
    const at = folder(t)
    const [current, previous] = [join(at, 'current'), join(at, 'previous')]
    writeFileSync(current, TWO)
    writeFileSync(previous, ONE)
    const heard: string[] = []
    const told = (name: string, error: Error | undefined) => heard.push(`${name}: ${error?.message ?? 'fine'}`)
    const sources = [
      { name: 'current', rights: ['write'], tokenFile: current },
      { name: 'previous', rights: ['read'], tokenFile: previous },
    ] as const
    const tokens = new Tokens(sources, told, 20)
    t.after(() => tokens.close())
    writeFileSync(previous, TWO)
    await settles(() => heard.length === 1)
    assert.deepEqual(heard, ['previous: the token is that of current too'])
    assert.deepEqual([tokens.bearer(ONE)?.name, tokens.bearer(TWO)?.name], ['previous', 'current'])
    writeFileSync(current, 'third-token-0123456789')
    await settles(() => heard.length === 3)
    assert.deepEqual(heard.slice(1), ['current: fine', 'previous: fine'])
    assert.deepEqual([tokens.bearer(ONE), tokens.bearer(TWO)?.name], [undefined, 'previous'])
  })
})

describe('two tokens that swap their files', () => {
  it('each have the rights of the file that they stand in now', async (t) => {
    const at = folder(t)
    const [reader, writer] = [join(at, 'reader'), join(at, 'writer')]
    writeFileSync(reader, ONE)
    writeFileSync(writer, TWO)
    const sources = [
      { name: 'reader', rights: ['read'], tokenFile: reader },
      { name: 'writer', rights: ['write'], tokenFile: writer },
    ] as const
    const tokens = new Tokens(sources, () => {}, 20)
    t.after(() => tokens.close())
    writeFileSync(reader, TWO)
    writeFileSync(writer, ONE)
    await settles(() => tokens.bearer(TWO)?.name === 'reader')
    assert.equal(tokens.bearer(ONE)?.name, 'writer')
  })
})

describe('a text', () => {
  it('is no token if it could be guessed, or could not be sent', () => {
    assert.equal(tokenFault('0123456789abcdef'), undefined)
    assert.match(tokenFault('0123456789abcde') ?? '', /fewer than 16/)
    assert.match(tokenFault('') ?? '', /fewer than 16/)
    for (const text of ['0123456789 abcdef0', '0123456789abcdefé', '0123456789abcdef\n0'])
      assert.match(tokenFault(text) ?? '', /visible ASCII/)
  })
})
