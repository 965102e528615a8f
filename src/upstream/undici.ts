/** The parts of undici that carry traffic, each by its own file: the whole package (fetch, caches, WebSocket) costs 7 MB more at idle. */
import { createRequire } from 'node:module'
import type * as undici from 'undici'

// These paths are no public API: package.json pins undici to one version, and every test of traffic fails if they move.
const require = createRequire(import.meta.url)

export const Client = require('undici/lib/dispatcher/client.js') as typeof undici.Client
export type Client = undici.Client
export const Dispatcher = require('undici/lib/dispatcher/dispatcher.js') as typeof undici.Dispatcher
export const buildConnector = require('undici/lib/core/connect.js') as typeof undici.buildConnector
