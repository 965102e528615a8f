/** Checks that an MCP server answers, as upstreams are probed. */
import { ProbeConversation, probeTarget } from '../../upstream/probe-conversation.ts'
import type { Look } from './check.ts'

export interface McpCheck {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly tokenFile?: string | undefined
  /** Milliseconds. */
  readonly timeout: number
  readonly version: string
}

export function mcpLook({ url, ...rest }: McpCheck): Look {
  const conversation = new ProbeConversation({ ...rest, target: probeTarget(url) })
  return async (signal) => {
    const end = () => void conversation.close()
    signal.addEventListener('abort', end)
    try {
      const { alive, message } = await conversation.hold()
      return { healthy: alive, message }
    } finally {
      signal.removeEventListener('abort', end)
    }
  }
}
