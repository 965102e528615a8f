/** What a terminal showed, as an SVG; and the picture that was made with it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { terminalSvg } from '../.ci/terminal-svg.ts'
import type { Figures } from '../src/command/top/figures.ts'
import { view } from '../src/command/top/view.ts'

const drawn = (svg: string): string[] =>
  [...svg.matchAll(/<text(?: class="([^"]*)")? x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)">([^<]*)</g)].map(
    ([, classes = '', x, y, length, text]) => `${classes}|${x}|${y}|${length}|${text}`,
  )

test('runs of one style are placed and stretched by their columns', () => {
  const svg = terminalSvg('ab \x1b[1;31m  cd\x1b[0m e\n\n\x1b[2m…\x1b[0mf\n', 'title')
  assert.deepEqual(drawn(svg), [
    '|20.0|50|16.8|ab',
    'bold red|62.0|50|16.8|cd',
    '|87.2|50|8.4|e',
    'dim|20.0|90|8.4|…',
    '|28.4|90|8.4|f',
  ])
  assert.match(svg, / width="116" height="116" /)
})

test('what means something in XML is escaped', () => {
  const svg = terminalSvg('a<b> & "c"', '"&<')
  assert.deepEqual(drawn(svg), ['|20.0|50|84.0|a&lt;b&gt; &amp; &quot;c&quot;'])
  assert.match(svg, /aria-label="&quot;&amp;&lt;"/)
})

test('what it does not know it does not draw', () => {
  assert.throws(() => terminalSvg('\x1b[4mx', ''), /not known: 4/)
  assert.throws(() => terminalSvg('\x1b[2Jx', ''), /escape sequence/)
})

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

/** A gateway where nothing happens. */
const NOTHING: Figures = {
  version: '',
  uptime: 0,
  counted: 1,
  readiness: undefined,
  rate: 0,
  errorRate: 0,
  active: 0,
  streams: 0,
  sessions: 0,
  sessionsCreated: 0,
  sessionsDead: 0,
  memory: 0,
  loopDelay: 0,
  upstreams: [],
  calls: [],
}

test('the picture of the README is one of what sidelight top shows today', () => {
  const picture = 'docs/pictures/top.svg'
  assert.ok(read('README.md').includes(`](${picture})`))
  const texts = drawn(read(picture)).map((run) => run.split('|').at(-1) ?? '')
  const [, totals = [], , upstreams = [], , calls = []] = view(NOTHING, { place: '', rows: 100 })
  for (const head of [...upstreams, ...calls].map(({ text }) => text.trim()))
    assert.ok(texts.includes(head), `${head} is not in it: node .ci/picture.ts makes a new one`)
  for (const { text, style } of totals)
    if (style === 'dim')
      assert.ok(
        texts.some((shown) => shown.startsWith(text.trim().split(' ')[0] ?? '')),
        text,
      )
})
