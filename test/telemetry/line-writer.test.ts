/** Log lines on a real pipe: complete at exit, and no harm from a reader that is gone or asleep. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { LineWriter } from '../../src/telemetry/line-writer.ts'

function start(scenario: string, count: number, output: 'pipe' | number = 'pipe'): ChildProcess {
  return fork(join(import.meta.dirname, 'log-process.ts'), [scenario, String(count)], {
    stdio: ['ignore', output, 'inherit', 'ipc'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
}

const numbers = (output: string): number[] =>
  output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).i)

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

test('every line is out, whole and in order, after a flush', async () => {
  const child = start('flush', 2000)
  const told = once(child, 'message')
  assert.deepEqual(numbers(await text(child.stdout!)), upTo(2000))
  assert.deepEqual((await told)[0], { dropped: 0 })
})

test('lines that fit the pipe are out when the process exits at once', async () => {
  assert.deepEqual(numbers(await text(start('exit', 30).stdout!)), upTo(30))
})

test('a fatal line comes out at once and does not end the log', async () => {
  const output = await text(start('fatal', 20).stdout!)
  const messages = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).msg)
  assert.deepEqual(messages, [...upTo(20).map(() => 'line'), 'the end', 'after'])
})

/** Node's children write to sockets; under a shell or a container runtime it is a pipe. */
function startOnPipe(scenario: string, count: number) {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-log-'))
  const path = join(folder, 'pipe')
  assert.equal(spawnSync('mkfifo', [path]).status, 0)
  // Opened for both, so that neither side waits for the other and the pipe stays open, unread.
  const fd = openSync(path, 'r+')
  const child = start(scenario, count, fd)
  child.once('exit', () => {
    closeSync(fd)
    rmSync(folder, { recursive: true })
  })
  return child
}

for (const [kind, open] of [
  ['socket', start],
  ['pipe', startOnPipe],
] as const) {
  test(`a ${kind} that nobody reads neither blocks the process nor keeps it from exiting, and costs counted lines`, async () => {
    const child = open('flood', 10_000)
    child.stdout?.pause()
    const exit = once(child, 'exit')
    const [{ dropped }] = (await once(child, 'message')) as [{ dropped: number }]
    assert.equal((await exit)[0], 0)
    assert.ok(dropped > 1000 && dropped < 10_000, `${dropped} dropped`)
  })
}

test('a reader that is gone does no harm, and every line is counted as lost', async () => {
  const child = start('closed', 100)
  child.stdout!.destroy()
  await once(child.stdout!, 'close')
  const exit = once(child, 'exit')
  child.send('go')
  const [told] = await once(child, 'message')
  assert.deepEqual(told, { dropped: 101 })
  assert.equal((await exit)[0], 0)
})

test('what does not fit is dropped line by line, the rest is written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-log-'))
  const file = openSync(join(folder, 'log'), 'w')
  const writer = new LineWriter(file, { maxLength: 10 })
  for (const line of ['12345\n', 'too long\n', '123\n']) writer.write(line)
  await writer.flush()
  writer.write('next\n')
  await writer.flush()
  assert.equal(readFileSync(join(folder, 'log'), 'utf8'), '12345\n123\nnext\n')
  assert.equal(writer.dropped, 1)
  closeSync(file)
  rmSync(folder, { recursive: true })
})

test('a line that is written in place and never ended leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-log-'))
  const file = openSync(join(folder, 'log'), 'w')
  const writer = new LineWriter(file, { maxLength: 20 })
  const inPlace = (text: string, ended = true): void => {
    writer.beginLine()?.text(text)
    if (ended) writer.endLine()
  }
  inPlace('first\n')
  inPlace('half of', false)
  inPlace('longer than there is room for\n')
  inPlace('w\u00f6rds\n')
  inPlace('half again', false)
  await writer.flush()
  writer.write('after\n')
  await writer.flush()
  assert.equal(readFileSync(join(folder, 'log'), 'utf8'), 'first\nw\u00f6rds\nafter\n')
  assert.equal(writer.dropped, 1)
  closeSync(file)
  rmSync(folder, { recursive: true })
})

test('no place is given for a line where none fits or the reader is gone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-log-'))
  const file = openSync(join(folder, 'log'), 'w')
  const writer = new LineWriter(file, { maxLength: 6 })
  writer.write('first\n')
  assert.equal(writer.beginLine(), undefined)
  await writer.flush()
  assert.notEqual(writer.beginLine(), undefined)
  closeSync(file)
  writer.write('gone\n')
  await writer.flush()
  assert.equal(writer.beginLine(), undefined)
  assert.equal(writer.dropped, 3)
  rmSync(folder, { recursive: true })
})
