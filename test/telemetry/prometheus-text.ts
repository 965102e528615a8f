/** A strict parser of Prometheus text for tests; OpenMetrics differs only in its last line and its UNIT lines. */
import assert from 'node:assert/strict'

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly type: string
  readonly help: string
  readonly unit: string | undefined
  readonly samples: Sample[]
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y

export function parsePrometheus(text: string): Map<string, Family> {
  assert.ok(text === '' || text.endsWith('\n'), 'a line end closes the page')
  const families = new Map<string, { type: string; help: string; unit: string | undefined; samples: Sample[] }>()
  let current = { type: '', help: '', unit: undefined as string | undefined, samples: [] as Sample[] }
  let open = ''
  for (const line of text.split('\n').slice(0, -1)) {
    const [, key, name, rest] = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/s.exec(line) ?? []
    if (key !== undefined && name !== undefined && rest !== undefined) {
      if (name !== open) {
        assert.ok(!families.has(name), `${name} comes once and in one piece`)
        current = { type: '', help: '', unit: undefined, samples: [] }
        families.set(name, current)
        open = name
      }
      if (key === 'HELP') current.help = rest
      else if (key === 'TYPE') current.type = rest
      else current.unit = rest
      continue
    }
    if (line === '# EOF') continue
    const [, sample, labels, value] = SAMPLE.exec(line) ?? []
    assert.ok(sample !== undefined && value !== undefined, `a sample: ${line}`)
    assert.ok(sample.startsWith(open), `${sample} belongs to ${open}`)
    current.samples.push({ name: sample, labels: parseLabels(labels ?? ''), value: parseNumber(value) })
  }
  return families
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  for (let at = 0; at < text.length; at = LABEL.lastIndex) {
    const [, name, value] = LABEL.exec(text) ?? []
    assert.ok(name !== undefined && value !== undefined, `labels: ${text}`)
    assert.ok(!(name in labels), `${name} once`)
    labels[name] = value.replace(/\\(["\\n])/g, (_, char: string) => (char === 'n' ? '\n' : char))
  }
  return labels
}

function parseNumber(text: string): number {
  if (text === '+Inf') return Infinity
  if (text === '-Inf') return -Infinity
  if (text !== 'NaN') assert.match(text, /^-?\d+(\.\d+)?(e[+-]\d+)?$/)
  return Number(text)
}
