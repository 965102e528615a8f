/** The part of the catalogue that tells who was turned away from the admin listener. */
import { Catalogue } from './catalogue.ts'

export class AdminInstruments extends Catalogue {
  readonly refused = this.store.counter({
    name: 'sidelight.admin.refused',
    kind: 'counter',
    unit: '{request}',
    help: 'Requests for protected paths of the admin listener that were refused, by reason. Many `token_wrong` or `too_many`: somebody guesses.',
    labels: ['reason'],
    cap: 7,
  })
}
