/** A listener as a health component: whether it listens, and whether its connections have run out. */
import type { Component } from './health.ts'

export interface WatchedListener {
  readonly listening: boolean
}

export function listenerComponent(
  name: string,
  listener: WatchedListener,
  connections?: { readonly open: () => number; readonly limit: () => number },
): Component {
  return {
    name: `listener:${name}`,
    // Who can ask has reached a listener.
    required: false,
    report: () => {
      if (!listener.listening) return { status: 'degraded', message: 'not listening' }
      if (connections === undefined) return { status: 'healthy', message: 'listening' }
      const [open, limit] = [connections.open(), connections.limit()]
      const message = `listening, ${open} of ${limit} connections`
      return { status: open >= limit ? 'degraded' : 'healthy', message }
    },
  }
}
