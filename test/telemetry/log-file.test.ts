/** The log in a file: added to, rotated without tearing a line, and unharmed by full disks and absent readers. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createLog, type Log } from '../../src/telemetry/log.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sidelight-log-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

/** Lines of about a kilobyte, numbered from `from` on. */
function write({ logger }: Log, from: number, to: number): void {
  for (let i = from; i < to; i++) logger.info({ i, filler: 'x'.repeat(900) }, 'line')
}

interface Line {
  readonly i?: number
  readonly msg: string
  readonly lines?: number
}

const parse = (text: string): Line[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)

const linesOf = (path: string): Line[] => parse(readFileSync(path, 'utf8'))
const numbersOf = (lines: readonly Line[]) => lines.filter(({ msg }) => msg === 'line').map(({ i }) => i)
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (holds()) return
    await delay(10)
  }
  assert.fail(`never: ${what}`)
}

test('lines are added to what is there, in a file that others may not read', async (t) => {
  const path = join(folder(t), 'log')
  for (const from of [0, 3]) {
    const log = createLog({ level: 'info', destination: path })
    write(log, from, from + 3)
    await log.flush()
  }
  assert.deepEqual(numbersOf(linesOf(path)), upTo(6))
  assert.equal(statSync(path).mode & 0o007, 0)
})

test('a file that was moved away is left for a new one when told so: no line is lost, torn or out of order', async (t) => {
  const path = join(folder(t), 'log')
  const log = createLog({ level: 'info', destination: path })
  const rotations = 5
  for (let n = 0; n < rotations; n++) {
    write(log, n * 200, n * 200 + 100)
    // Some in the old file, some under way, some waiting.
    if (n % 2 === 0) await delay(15)
    renameSync(path, `${path}.${n}`)
    const reopened = log.reopen()
    write(log, n * 200 + 100, n * 200 + 200)
    await reopened
  }
  await log.flush()
  const names = [...upTo(rotations).map((n) => `${path}.${n}`), path]
  assert.deepEqual(
    names.flatMap((name) => numbersOf(linesOf(name))),
    upTo(rotations * 200),
  )
  assert.equal(log.dropped, 0)
})

test('when the new file cannot be opened, the old one goes on and says why', async (t) => {
  const inside = join(folder(t), 'inside')
  const path = join(inside, 'log')
  assert.equal(spawnSync('mkdir', [inside]).status, 0)
  const log = createLog({ level: 'info', destination: path })
  write(log, 0, 1)
  await log.flush()
  renameSync(inside, `${inside}.away`)
  await log.reopen()
  write(log, 1, 2)
  await log.flush()
  const messages = linesOf(join(`${inside}.away`, 'log')).map(({ msg }) => msg)
  assert.deepEqual(messages, ['line', 'log file not reopened', 'line'])
})

test('standard output has nothing to reopen', async () => {
  await createLog({ level: 'info', destination: 'stderr' }).reopen()
})

describe('a named pipe', () => {
  const pipe = (t: TestContext): string => {
    const path = join(folder(t), 'pipe')
    assert.equal(spawnSync('mkfifo', [path]).status, 0)
    return path
  }
  const reader = (path: string) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  /** Everything that is in the pipe. */
  const drain = (fd: number): string => {
    const buffer = Buffer.alloc(1 << 20)
    let text = ''
    try {
      for (let count = 1; count > 0; text += buffer.toString('utf8', 0, count)) count = readSync(fd, buffer)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
    return text
  }

  test('without a reader is an error at once', (t) => {
    const path = pipe(t)
    assert.throws(() => createLog({ level: 'info', destination: path }), /ENXIO/)
  })

  test('that nobody reads costs counted lines, and a line stands where they are missing', async (t) => {
    const path = pipe(t)
    const fd = reader(path)
    const log = createLog({ level: 'info', destination: path, queue: 100_000 })
    write(log, 0, 1000)
    await log.flush(100)
    const { dropped } = log
    assert.ok(dropped > 0 && dropped < 1000, `${dropped} dropped`)
    let text = ''
    const flushed = log.flush(30_000)
    for (let over = false; !over; ) {
      over = await Promise.race([flushed.then(() => true), delay(5, false)])
      text += drain(fd)
    }
    write(log, 1000, 1001)
    await log.flush()
    text += drain(fd)
    closeSync(fd)
    const lines = parse(text)
    const kept = upTo(1000 - dropped)
    assert.deepEqual(numbersOf(lines), [...kept, 1000])
    const gaps = lines.filter(({ msg }) => msg === 'log lines were lost').map(({ lines: lost }) => lost)
    assert.deepEqual(gaps, [dropped])
    assert.equal(log.dropped, dropped)
  })

  test('whose reader is gone takes its lines with it, until there is a reader and the log is reopened', async (t) => {
    const path = pipe(t)
    const first = reader(path)
    const log = createLog({ level: 'info', destination: path })
    closeSync(first)
    write(log, 0, 5)
    const flushed = log.flush()
    write(log, 5, 9)
    await flushed
    write(log, 9, 10)
    assert.equal(log.dropped, 10)
    const second = reader(path)
    await log.reopen()
    write(log, 10, 12)
    await log.flush()
    assert.deepEqual(numbersOf(parse(drain(second))), [10, 11])
    closeSync(second)
  })
})

describe('a full disk', () => {
  test('neither fails nor blocks, and lines that still wait go to the file that comes in its place', async (t) => {
    if (!existsSync('/dev/full')) return t.skip('there is no /dev/full')
    const place = folder(t)
    const path = join(place, 'log')
    symlinkSync('/dev/full', path)
    const log = createLog({ level: 'info', destination: path, queue: 20_000 })
    write(log, 0, 10)
    await log.flush(50)
    // What is being tried and what waits behind it are bounded alike.
    write(log, 10, 100)
    const { dropped } = log
    assert.ok(dropped > 60 && dropped < 90, `${dropped} dropped`)
    unlinkSync(path)
    symlinkSync(join(place, 'real'), path)
    await log.reopen()
    await log.flush()
    assert.deepEqual(numbersOf(linesOf(path)), upTo(100 - dropped))
    assert.equal(linesOf(path).at(-1)?.lines, dropped)
  })

  /** A file system of 256 KiB, if this process may mount one. */
  const smallDisk = (t: TestContext): string | undefined => {
    const path = mkdtempSync(join(tmpdir(), 'sidelight-disk-'))
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', path])
    t.after(() => {
      if (status === 0) spawnSync('umount', ['-l', path])
      rmSync(path, { recursive: true })
    })
    if (status === 0) return path
    t.skip('this process may not mount a file system')
    return undefined
  }

  test('is waited out: once there is room, all lines are there, whole and in order', async (t) => {
    const disk = smallDisk(t)
    if (disk === undefined) return
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(128 * 1024))
    const path = join(disk, 'log')
    const log = createLog({ level: 'info', destination: path })
    write(log, 0, 180)
    await log.flush(300)
    const before = statSync(path).size
    assert.ok(before > 100_000 && before < 140_000, `${before} bytes fitted`)
    unlinkSync(join(disk, 'ballast'))
    await log.flush(30_000)
    assert.deepEqual(numbersOf(linesOf(path)), upTo(180))
    assert.equal(log.dropped, 0)
  })

  test('leaves half a line behind at most: a new file begins with the whole one', async (t) => {
    const disk = smallDisk(t)
    if (disk === undefined) return
    const place = folder(t)
    const path = join(place, 'log')
    symlinkSync(join(disk, 'old'), path)
    const log = createLog({ level: 'info', destination: path })
    write(log, 0, 500)
    await until('the disk is full', () => statSync(join(disk, 'old')).size >= 256 * 1024)
    await log.flush(50)
    unlinkSync(path)
    symlinkSync(join(place, 'new'), path)
    await log.reopen()
    await log.flush()
    const old = readFileSync(join(disk, 'old'), 'utf8')
    assert.notEqual(old.at(-1), '\n', 'the disk was full within a line')
    const whole = numbersOf(parse(old.slice(0, old.lastIndexOf('\n') + 1)))
    assert.deepEqual([...whole, ...numbersOf(linesOf(path))], upTo(500))
    assert.equal(log.dropped, 0)
  })
})
