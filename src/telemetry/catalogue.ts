/** The ground of the catalogue: holds the store so that each instrument is written once, as one field. */
import type { SeriesStore } from './series.ts'

export abstract class Catalogue {
  protected readonly store: SeriesStore

  constructor(store: SeriesStore) {
    this.store = store
  }
}

/** Enough for 64 upstreams. */
export const UPSTREAMS = 65

/** Seconds, from a local answer to a long-running tool. */
export const EXCHANGE_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
] as const

/** Seconds that a call takes, from a local answer to one that a human has to give. */
export const OPERATION_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10, 30, 60, 120, 300,
] as const

/** Seconds of a part of an exchange, from a queue that was empty to a stream that lasted an hour. */
export const PHASE_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300, 3600,
] as const

/** Seconds that a session lives, up to a day. */
export const SESSION_SECONDS = [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 43_200, 86_400] as const

/** Seconds that something short takes or waits. */
export const WAIT_SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5] as const

/** Seconds that our own code takes. */
export const STEP_SECONDS = [
  0.000001, 0.0000025, 0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.001, 0.01, 0.1, 1,
] as const

export const SIZE_BYTES = [
  128, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864, 1_073_741_824,
] as const

/** Seconds that a downstream connection lives. */
export const CONNECTION_SECONDS = [0.01, 0.1, 1, 10, 60, 300, 900, 3600, 14_400, 86_400] as const
