/**
 * Refuses calls of one tool, and counts what it let pass.
 * @type {import('sidelight/interceptor').InterceptorFactory}
 */
export default function denyTool({ tool = 'error_test' }) {
  return {
    name: 'deny_tool',
    onRequest(x) {
      if (x.method !== 'POST' || !x.body.includes('"tools/call"')) return undefined
      const { method, params } = JSON.parse(x.body.toString('utf8'))
      if (method !== 'tools/call' || params?.name !== tool) return undefined
      return { action: 'refuse', status: 403, message: `The tool ${tool} is not allowed here` }
    },
    onResponse(_x, head) {
      head.set('x-tool-policy', `deny ${tool}`)
      return undefined
    },
  }
}
