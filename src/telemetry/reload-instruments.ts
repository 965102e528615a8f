/** The part of the catalogue that tells whether the configuration in force is the one that was last asked for. */
import { Catalogue } from './catalogue.ts'

export class ReloadInstruments extends Catalogue {
  readonly reloads = this.store.counter({
    name: 'sidelight.config.reloads',
    kind: 'counter',
    unit: '{reload}',
    help: 'Times that the configuration was read again, by result: applied, unchanged or refused.',
    labels: ['result'],
    cap: 4,
  })
  readonly lastReloadSuccessful = this.store.gauge({
    name: 'sidelight.config.last_reload_successful',
    kind: 'gauge',
    unit: '',
    help: 'Whether the configuration could be taken when it was last read, the start included: 1 or 0.',
    labels: [],
    cap: 1,
  })
  readonly lastReloadSuccessTimestamp = this.store.gauge({
    name: 'sidelight.config.last_reload_success_timestamp',
    kind: 'gauge',
    unit: 's',
    help: 'When a configuration was last taken, the start included, in seconds since the epoch.',
    labels: [],
    cap: 1,
  })
  readonly needsRestart = this.store.gauge({
    name: 'sidelight.config.needs_restart',
    kind: 'gauge',
    unit: '{setting}',
    help: 'Settings of the configuration last taken that differ from what runs until the process starts anew.',
    labels: [],
    cap: 1,
  })
}
