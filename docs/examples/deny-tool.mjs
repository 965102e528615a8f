/**
 * Refuses calls of one tool.
 * @type {import('sidelight/interceptor').InterceptorFactory}
 */
export default function denyTool({ tool = 'error_test' }) {
  return {
    name: 'deny_tool',
    onRequest(x) {
      // Every message, because a batch may hold several; and nothing that could not be read.
      const unread = x.messages.length === 0 && x.body.length > 0
      const denied = x.messages.some(({ method, name }) => method === 'tools/call' && name === tool)
      if (!unread && !denied) return undefined
      return { action: 'refuse', status: 403, message: `The tool ${tool} is not allowed here` }
    },
    onResponse(_x, head) {
      head.set('x-tool-policy', `deny ${tool}`)
      return undefined
    },
  }
}
