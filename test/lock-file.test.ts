/** The lock file installs anywhere: it names the packages of every platform, and no registry. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

interface Entry {
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly inBundle?: boolean
  readonly optional?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const lock = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')
const { packages } = JSON.parse(lock) as { packages: Readonly<Record<string, Entry>> }

/** Where a package at `path` finds `name`, as Node looks for it. */
function found(path: string, name: string): string | undefined {
  for (let at: string | undefined = path; at !== undefined; at = parent(at)) {
    const candidate = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`
    if (packages[candidate] !== undefined) return candidate
  }
  return undefined
}

/** The folder whose node_modules is looked at next; that of the project last. */
function parent(path: string): string | undefined {
  if (path === '') return undefined
  const nested = path.lastIndexOf('/node_modules/')
  return nested < 0 ? '' : path.slice(0, nested)
}

for (const kind of ['dependencies', 'optionalDependencies'] as const) {
  // A lock file that was made where a platform's package could not be seen has no entry for it, and `npm ci` then fails
  // or leaves it out on that platform alone.
  test(`every package of ${kind} has its entry`, () => {
    const asked = Object.entries(packages).flatMap(([path, entry]) =>
      Object.keys(entry[kind] ?? {}).map((name) => ({ path, name })),
    )
    assert.ok(asked.length > 10, 'there are some')
    const missing = asked.filter(({ path, name }) => found(path, name) === undefined)
    assert.deepEqual(missing, [])
  })
}

test('the packages of Node are there for every platform that the project names', () => {
  const { optionalDependencies } = JSON.parse(
    readFileSync(new URL('../.ci/node/package.json', import.meta.url), 'utf8'),
  ) as Required<Pick<Entry, 'optionalDependencies'>>
  assert.deepEqual(packages['.ci/node']?.optionalDependencies, optionalDependencies)
})

test('every package is held by its content, and by no registry', () => {
  for (const [path, { integrity, link, resolved, inBundle }] of Object.entries(packages)) {
    if (!path.includes('node_modules/') || link === true || inBundle === true) continue
    assert.match(integrity ?? '', /^sha512-/, path)
    assert.equal(resolved, undefined, path)
  }
  const named = [...lock.matchAll(/"resolved": "([^"]+)"/g)].map(([, where = '']) => where)
  assert.deepEqual(
    named.filter((where) => /^[a-z+]+:|^\/\//i.test(where)),
    [],
  )
})
