/** Links between the documents lead somewhere. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from './rules.ts'

const LINK = /\]\(([^)\s]+)\)/g

/** As GitHub makes them of headings. */
const anchors = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

function broken(file: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? join(ROOT, file) : join(ROOT, dirname(file), path)
  if (!existsSync(target)) return true
  return anchor !== undefined && !anchors(readFileSync(target, 'utf8')).includes(anchor)
}

test('every link of a document leads to a file, and to a heading in it', () => {
  const files = globSync(['*.md', '{docs,helm,deploy}/**/*.md'], { cwd: ROOT })
  const links = files.flatMap((file) =>
    // Code is no link.
    [
      ...readFileSync(join(ROOT, file), 'utf8')
        .replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, '')
        .matchAll(LINK),
    ].map(([, link]) => [file, link as string] as const),
  )
  const own = links.filter(([, link]) => !/^[a-z]+:/.test(link))
  assert.ok(own.length > 30)
  assert.deepEqual(
    own.filter(([file, link]) => broken(file, link)),
    [],
  )
  assert.ok(broken('README.md', 'docs/nothing.md'))
  assert.ok(broken('README.md', 'docs/deployment.md#nothing'))
})
