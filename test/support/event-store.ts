/** Keeps every event of an SDK server in memory, so that a stream can be resumed after a Last-Event-ID. */
import type { EventId, EventStore, StreamId } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'

interface Kept {
  readonly stream: StreamId
  /** `undefined` for the priming event, which carries no message. */
  readonly message: JSONRPCMessage | undefined
}

export class MemoryEventStore implements EventStore {
  /** In the order of their ids. */
  readonly #events: Kept[] = []

  async storeEvent(stream: StreamId, message: JSONRPCMessage): Promise<EventId> {
    // The SDK stores an empty object for its priming event.
    this.#events.push({ stream, message: 'jsonrpc' in message ? message : undefined })
    return String(this.#events.length)
  }

  async getStreamIdForEventId(id: EventId): Promise<StreamId | undefined> {
    return this.#events[Number(id) - 1]?.stream
  }

  async replayEventsAfter(
    last: EventId,
    { send }: { send: (id: EventId, message: JSONRPCMessage) => Promise<void> },
  ): Promise<StreamId> {
    const stream = this.#events[Number(last) - 1]?.stream ?? ''
    for (const [i, event] of this.#events.entries()) {
      if (i >= Number(last) && event.stream === stream && event.message !== undefined) {
        await send(String(i + 1), event.message)
      }
    }
    return stream
  }
}
