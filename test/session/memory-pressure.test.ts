/** Memory pressure is read from files as the kernel lays them out, version 2 and 1, in and outside a container. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { memoryPressure } from '../../src/session/memory-pressure.ts'

const MIB = 2 ** 20
const UNLIMITED_V1 = '9223372036854771712'

describe('memory pressure', () => {
  const made: string[] = []
  after(() => {
    for (const folder of made) rmSync(folder, { recursive: true })
  })

  function host(files: Readonly<Record<string, string | number>>, groups = '0::/\n') {
    const root = mkdtempSync(join(tmpdir(), 'cgroup-'))
    made.push(root)
    const write = (path: string, content: string | number) => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), `${content}\n`)
    }
    for (const [path, content] of Object.entries(files)) write(path, content)
    write('groups', groups)
    let rss = 10 * MIB
    const pressure = memoryPressure({ root, groups: join(root, 'groups'), rss: () => rss })
    const withRss = (mib: number) => {
      rss = mib * MIB
      return pressure()
    }
    return { withRss, write }
  }

  it('begins at nine tenths of the limit', () => {
    const { withRss } = host({ 'memory.max': 100 * MIB })
    assert.deepEqual([withRss(89), withRss(90), withRss(89)], [false, true, false])
  })

  it('follows a limit that changes', () => {
    const { withRss, write } = host({ 'memory.max': 100 * MIB })
    write('memory.max', 200 * MIB)
    assert.deepEqual([withRss(95), withRss(181)], [false, true])
    write('memory.max', 'max')
    assert.equal(withRss(500), false)
  })

  it('is what the whole group uses, without the file cache that the kernel would take back', () => {
    const files = { 'memory.max': 100 * MIB, 'memory.current': 95 * MIB }
    const stat = (mib: number) => `anon 1\nfile ${50 * MIB}\ninactive_file ${mib * MIB}\nactive_file 7`
    assert.equal(host({ ...files, 'memory.stat': stat(4) }).withRss(10), true)
    assert.equal(host({ ...files, 'memory.stat': stat(40) }).withRss(10), false)
    assert.equal(host(files).withRss(10), false, 'unknown how much is cache')
  })

  it('takes the lowest limit from the own group up', () => {
    const files = { 'a/memory.max': 100 * MIB, 'a/b/memory.max': 'max', 'c/memory.max': MIB }
    const { withRss } = host(files, '0::/a/b\n')
    assert.deepEqual([withRss(89), withRss(90)], [false, true])
  })

  it('takes the mounted group when the path is that of the host', () => {
    for (const path of ['/kubepods/pod1/abc', '/../../other']) {
      const { withRss } = host({ 'memory.max': 100 * MIB }, `0::${path}\n`)
      assert.deepEqual([withRss(89), withRss(90)], [false, true], path)
    }
  })

  it('reads version 1 too', () => {
    const limits = { 'memory/memory.limit_in_bytes': UNLIMITED_V1, 'memory/a/memory.limit_in_bytes': 100 * MIB }
    const groups = '9:name=systemd:/x\n4:cpu,memory:/a\n0::/\n'
    const { withRss } = host(limits, groups)
    assert.deepEqual([withRss(89), withRss(90)], [false, true])
    const used = { 'memory/a/memory.usage_in_bytes': 95 * MIB, 'memory/a/memory.stat': 'total_inactive_file 0' }
    assert.equal(host({ ...limits, ...used }, groups).withRss(10), true)
  })

  it('is never there without a limit', () => {
    assert.equal(host({}).withRss(1e9), false)
    assert.equal(host({ 'memory.max': 'max' }).withRss(1e9), false)
    assert.equal(host({ 'memory/memory.limit_in_bytes': UNLIMITED_V1 }, '4:memory:/\n').withRss(1e9), false)
    assert.equal(memoryPressure({ root: '/nowhere', groups: '/nowhere' })(), false)
  })

  it('can be asked on this machine', () => {
    assert.equal(typeof memoryPressure()(), 'boolean')
  })
})
