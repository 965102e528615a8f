/** The part of the catalogue that tells of errors in one place and of alerts. */
import { Catalogue } from './catalogue.ts'

export class IncidentInstruments extends Catalogue {
  readonly errorKinds = this.store.gauge({
    name: 'sidelight.errors.kinds',
    kind: 'gauge',
    unit: '{kind}',
    help: 'Kinds of error that `/errors` remembers.',
    labels: [],
    cap: 1,
  })
  readonly errorKindsEvicted = this.store.counter({
    name: 'sidelight.errors.kinds.evicted',
    kind: 'counter',
    unit: '{kind}',
    help: 'Kinds of error that were forgotten to make room for another.',
    labels: [],
    cap: 1,
  })
  readonly alertsFiring = this.store.gauge({
    name: 'sidelight.alerts.firing',
    kind: 'gauge',
    unit: '{alert}',
    help: "Alerts of the gateway's own rules that are firing, by rule.",
    labels: ['alert'],
    cap: 33,
  })
  readonly notifications = this.store.counter({
    name: 'sidelight.alerts.notifications',
    kind: 'counter',
    unit: '{notification}',
    help: 'Notifications of alerts to webhooks: sent, failed after all attempts, or dropped because too many waited.',
    labels: ['result'],
    cap: 4,
  })
}
