/** What we use of node:http. An ESM import of it evaluates all its exports, WebSocket among them: 3 MB at idle. */
export const {
  createServer,
  get,
  IncomingMessage,
  METHODS,
  request,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} = process.getBuiltinModule('node:http')
