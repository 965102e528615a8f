/** Reads a profile as its readers do: gunzipped, and by what it says of each function. */
import { gunzipSync } from 'node:zlib'
import { Profile } from 'pprof-format'

export interface ReadProfile {
  /** `cpu nanoseconds`, in their order. */
  readonly types: readonly string[]
  /** Sums of a type over the samples on whose stack a function of the file is; by file. */
  byFile(type: string): ReadonlyMap<string, number>
  /** Names of the functions of files whose path holds this. */
  functions(path: string): readonly string[]
}

export function readProfile(bytes: Buffer): ReadProfile {
  const profile = Profile.decode(gunzipSync(bytes))
  const text = (index: number | bigint): string => profile.stringTable.strings[Number(index)] ?? ''
  const types = profile.sampleType.map(({ type, unit }) => `${text(type)} ${text(unit)}`)
  const functions = new Map(profile.function.map((fn) => [Number(fn.id), fn]))
  const locations = new Map(profile.location.map(({ id, line }) => [Number(id), line]))
  const filesOf = (ids: readonly (number | bigint)[]): Set<string> =>
    new Set(
      ids.flatMap((id) =>
        (locations.get(Number(id)) ?? []).map((line) => text(functions.get(Number(line.functionId))?.filename ?? 0)),
      ),
    )
  return {
    types,
    byFile(type) {
      const at = types.indexOf(type)
      if (at < 0) throw new Error(`there are only ${types.join(', ')}`)
      const sums = new Map<string, number>()
      for (const { locationId, value } of profile.sample)
        for (const file of filesOf(locationId)) sums.set(file, (sums.get(file) ?? 0) + Number(value[at]))
      return sums
    },
    functions: (path) =>
      profile.function.filter(({ filename }) => text(filename).includes(path)).map(({ name }) => text(name)),
  }
}
