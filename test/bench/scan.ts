/**
 * What inspection costs: the scanners beside the parsers they stand for, in one run.
 *
 *   node test/bench/scan.ts
 *
 * Rounds alternate and medians are printed. Takes about twenty seconds.
 */
import { envelopeRows } from './scan/envelope.ts'

const megabytes = (bytes: number, nanoseconds: number) => ((bytes * 1e3) / nanoseconds).toFixed(0)

console.log('| JSON-RPC | JSON.parse, ns | scanner, ns | JSON.parse, MB/s | scanner, MB/s | times as fast |')
console.log('| --- | ---: | ---: | ---: | ---: | ---: |')
for (const { what, bytes, parse, scan } of envelopeRows()) {
  const figures = [parse.toFixed(0), scan.toFixed(0), megabytes(bytes, parse), megabytes(bytes, scan)]
  console.log(`| ${what} | ${figures.join(' | ')} | ${(parse / scan).toFixed(2)} |`)
}
