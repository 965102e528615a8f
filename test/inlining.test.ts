/** The V8 flags that are set at run time exist in the V8 that runs. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { FLAGS } from '../src/inlining.ts'

describe('what V8 is told about inlining', () => {
  it('is nothing that it does not know, and more than it would do by itself', () => {
    const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' })
    assert.ok(FLAGS.length > 0)
    for (const flag of FLAGS) {
      const [name = '', value] = flag.split('=')
      const line = stdout.split('\n').find((text) => text.includes(`default: ${name}=`))
      assert.ok(line !== undefined, `${name} is no flag of this V8`)
      assert.ok(Number(value) > Number(line.split('=').at(-1)), line)
    }
  })
})
