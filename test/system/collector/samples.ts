/** Compares pages for Prometheus by what they say of a family, whatever else describes where they come from. */

/** What a collector adds to each series. */
const ADDED = /^(job|instance|otel_scope_.*|service_.*|telemetry_sdk_.*|process_runtime_.*|host_.*)$/

/** The families of a page, with their types, in order. */
export const familiesOf = (page: string): string[] =>
  [...page.matchAll(/^# TYPE (\w+ \w+)$/gm)]
    .map(([, family]) => family as string)
    .filter((family) => family !== 'target_info gauge')
    .sort()

/** The samples of some families, in order, each written in one way. */
export function samplesOf(page: string, families: RegExp): string[] {
  const samples: string[] = []
  for (const line of page.split('\n')) {
    const [, name = '', labels = '', value = ''] = /^(\w+?)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (name === '' || !families.test(name)) continue
    // The sum of a histogram may differ in its last digit, which depends on the way it was written.
    samples.push(`${name}{${sorted(labels)}} ${Number(Number(value.replace('+Inf', 'Infinity')).toPrecision(12))}`)
  }
  return samples.sort()
}

function sorted(labels: string): string {
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(
    ([, key = '', value = '']) => [key, value] as const,
  )
  return pairs
    .filter(([key, value]) => value !== '' && !ADDED.test(key))
    .map(([key, value]) => `${key}=${key === 'le' ? Number(value.replace('+Inf', 'Infinity')) : value}`)
    .sort()
    .join()
}
