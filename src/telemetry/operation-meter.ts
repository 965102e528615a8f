/** Records messages and operations. Everything that comes from the network becomes a label of a closed or learned set. */
import type { Exchange } from '../exchange/exchange.ts'
import type { Operation } from '../exchange/operation.ts'
import type { Envelope } from '../mcp/message.ts'
import { methodLabel, targetOf } from '../mcp/revision.ts'
import type { Names } from './names.ts'
import type { OperationInstruments } from './operation-instruments.ts'

export class OperationMeter {
  readonly #instruments: OperationInstruments
  readonly #names: Names

  constructor(instruments: OperationInstruments, names: Names) {
    this.#instruments = instruments
    this.#names = names
  }

  message(x: Exchange, { kind, method }: Envelope, direction: 'downstream' | 'upstream'): void {
    const name = method === undefined ? '' : methodLabel(method)
    this.#instruments.messages.bind([x.route.upstream, direction, kind, name]).add(1)
  }

  ended(operation: Operation): void {
    const { direction, upstream, method, target, revision, outcome, errorType } = operation
    const seconds = (operation.endedAt - operation.startedAt) / 1000
    const { serverDuration, clientDuration } = this.#instruments
    const name = methodLabel(method)
    if (direction === 'client') {
      clientDuration.bind([upstream, name, revision, outcome, errorType]).record(seconds, operation.span)
      return
    }
    const kind = targetOf(method)
    const tool = kind === 'tool' ? this.#names.label(upstream, 'tool', target) : ''
    if (tool !== '' && operation.responseBytes > 0)
      this.#instruments.resultSize.bind([upstream, tool]).record(operation.responseBytes)
    const prompt = kind === 'prompt' ? this.#names.label(upstream, 'prompt', target) : ''
    serverDuration
      .bind([upstream, name, tool, prompt, revision, outcome, errorType, operation.resultType])
      .record(seconds, operation.span)
  }
}
