/**
 * What inspection costs: the scanners beside the parsers they stand for, in one run.
 *
 *   node test/bench/scan.ts
 *
 * Rounds alternate and medians are printed. Takes about twenty seconds.
 */
import { envelopeRows, type Row } from './scan/envelope.ts'
import { sseRows } from './scan/sse.ts'

const megabytes = (bytes: number, nanoseconds: number) => ((bytes * 1e3) / nanoseconds).toFixed(0)

function print(what: string, parser: string, rows: readonly Row[]): void {
  console.log(`\n| ${what} | ${parser}, ns | scanner, ns | ${parser}, MB/s | scanner, MB/s | times as fast |`)
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |')
  for (const { what, bytes, parse, scan } of rows) {
    const figures = [parse.toFixed(0), scan.toFixed(0), megabytes(bytes, parse), megabytes(bytes, scan)]
    console.log(`| ${what} | ${figures.join(' | ')} | ${(parse / scan).toFixed(2)} |`)
  }
}

print('JSON-RPC', 'JSON.parse', envelopeRows())
print('event stream', 'eventsource-parser', sseRows())
