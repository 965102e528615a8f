/** The part of the catalogue that tells who was turned away from the admin listener, and whose connections it closed. */
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
  readonly connectionsClosed = this.store.counter({
    name: 'sidelight.admin.connections.closed',
    kind: 'counter',
    unit: '{connection}',
    help: 'Connections of the admin listener that were closed to make room for others, by what they were at: `waiting` for a request, or `busy` with one.',
    labels: ['reason'],
    cap: 3,
  })
}
