/** Which keys of a JSON-RPC message are read, and what becomes of their values. Pure. */
import * as scope from './envelope-scopes.ts'
import type { Envelope } from './message.ts'

/** A scalar; `undefined` for objects, arrays, and what is too long. */
export type Value = string | number | bigint | boolean | null | undefined

export interface Key {
  readonly name: string
  /** The same as bytes: comparing them costs a third of `charCodeAt`. */
  readonly spelling: Uint8Array
  /** As it stands in `duplicate`. */
  readonly path: string
  /** Tells it from the others of its object. */
  readonly bit: number
  /** The scope of its value when that is an object (of a list: an array). */
  readonly opens: number
  /** Its scalars are read. */
  readonly reads: boolean
  /** Its texts repeat from message to message. */
  readonly repeats: boolean
  readonly write: (message: Envelope, value: Value) => void
}

interface Reading {
  readonly opens?: number
  readonly repeats?: true
  readonly write?: (message: Envelope, value: Value) => void
}

const ignore = () => {}

function keyOf(path: string, name: string, position: number, reading: Reading): Key {
  const { opens = scope.NO_SCOPE, repeats = false, write = ignore } = reading
  const reads = write !== ignore && opens === scope.NO_SCOPE
  return { name, spelling: Buffer.from(name), path: path + name, bit: 1 << position, opens, reads, repeats, write }
}

/** Stands for every key that is not read. */
export const OTHER_KEY = keyOf('', '', 0, {})

function text(value: Value): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function id(value: Value): string | number | bigint | null | undefined {
  return typeof value === 'boolean' ? undefined : value
}

function repeating(write: (message: Envelope, value: string | undefined) => void): Reading {
  return { repeats: true, write: (m, value) => write(m, text(value)) }
}

function unique(write: (message: Envelope, value: string | undefined) => void): Reading {
  return { write: (m, value) => write(m, text(value)) }
}

const PEER: Readonly<Record<string, Reading>> = {
  name: repeating((m, value) => {
    m.peerName = value
  }),
  version: repeating((m, value) => {
    m.peerVersion = value
  }),
}

const MESSAGE_KEYS: Readonly<Record<string, Reading>> = {
  jsonrpc: {},
  id: {
    write: (m, value) => {
      m.id = id(value)
    },
  },
  method: repeating((m, value) => {
    m.method = value
  }),
  params: { opens: scope.PARAMS },
  result: { opens: scope.RESULT },
  error: { opens: scope.ERROR },
}

const PARAMS_KEYS: Readonly<Record<string, Reading>> = {
  name: repeating((m, value) => {
    m.name = value
  }),
  uri: repeating((m, value) => {
    m.uri = value
  }),
  cursor: unique((m, value) => {
    m.cursor = value
  }),
  protocolVersion: repeating((m, value) => {
    m.requestedVersion = value
  }),
  _meta: { opens: scope.PARAMS_META },
  clientInfo: { opens: scope.CLIENT_INFO },
  requestId: {
    write: (m, value) => {
      m.cancelledId = id(value)
    },
  },
}

const PARAMS_META_KEYS: Readonly<Record<string, Reading>> = {
  'io.modelcontextprotocol/protocolVersion': repeating((m, value) => {
    m.metaVersion = value
  }),
  'io.modelcontextprotocol/clientInfo': { opens: scope.META_CLIENT_INFO },
  traceparent: unique((m, value) => {
    m.traceparent = value
  }),
  tracestate: unique((m, value) => {
    m.tracestate = value
  }),
  baggage: unique((m, value) => {
    m.baggage = value
  }),
}

const RESULT_KEYS: Readonly<Record<string, Reading>> = {
  protocolVersion: repeating((m, value) => {
    m.resultVersion = value
  }),
  serverInfo: { opens: scope.SERVER_INFO },
  _meta: { opens: scope.RESULT_META },
  isError: {
    write: (m, value) => {
      m.isError = value === true
    },
  },
  resultType: repeating((m, value) => {
    m.resultType = value
  }),
  nextCursor: unique((m, value) => {
    m.nextCursor = value
  }),
  tools: {
    opens: scope.TOOLS,
    write: (m) => {
      m.tools = undefined
    },
  },
  prompts: {
    opens: scope.PROMPTS,
    write: (m) => {
      m.prompts = undefined
    },
  },
}

const ERROR_KEYS: Readonly<Record<string, Reading>> = {
  code: {
    write: (m, value) => {
      m.errorCode = typeof value === 'bigint' ? Number(value) : typeof value === 'number' ? value : undefined
    },
  },
  message: unique((m, value) => {
    m.errorMessage = value
  }),
}

/** An item belongs to no message yet: the scanner reads its name. */
const ITEM_KEYS: Readonly<Record<string, Reading>> = { name: { write: () => {} } }

interface Scope {
  readonly number: number
  readonly path: string
  readonly keys: Readonly<Record<string, Reading>>
}

const META_CLIENT = 'io.modelcontextprotocol/clientInfo'
const META_SERVER = 'io.modelcontextprotocol/serverInfo'

const TREE: readonly Scope[] = [
  { number: scope.MESSAGE, path: '', keys: MESSAGE_KEYS },
  { number: scope.PARAMS, path: 'params.', keys: PARAMS_KEYS },
  { number: scope.PARAMS_META, path: 'params._meta.', keys: PARAMS_META_KEYS },
  { number: scope.CLIENT_INFO, path: 'params.clientInfo.', keys: PEER },
  { number: scope.META_CLIENT_INFO, path: `params._meta.${META_CLIENT}.`, keys: PEER },
  { number: scope.RESULT, path: 'result.', keys: RESULT_KEYS },
  { number: scope.RESULT_META, path: 'result._meta.', keys: { [META_SERVER]: { opens: scope.META_SERVER_INFO } } },
  { number: scope.SERVER_INFO, path: 'result.serverInfo.', keys: PEER },
  { number: scope.META_SERVER_INFO, path: `result._meta.${META_SERVER}.`, keys: PEER },
  { number: scope.ERROR, path: 'error.', keys: ERROR_KEYS },
  { number: scope.ITEM, path: '', keys: ITEM_KEYS },
]

const BY_SCOPE: Key[][] = scope.PARENT.map(() => [])
for (const { number, path, keys } of TREE) {
  BY_SCOPE[number] = Object.entries(keys).map(([name, reading], position) => keyOf(path, name, position, reading))
}

/** The longest key that is read, in bytes. */
const LONGEST = Math.max(...BY_SCOPE.flat().map(({ name }) => name.length))

/** The longest it can be written: every byte of it as an escape. */
export const KEY_MAX = 6 * LONGEST

/** The keys of each scope by their length: one look-up says that a key is none of them. */
const BY_LENGTH: (readonly Key[] | undefined)[] = []
for (const [number, keys] of BY_SCOPE.entries()) {
  for (let length = 0; length <= LONGEST; length++) {
    const same = keys.filter(({ name }) => name.length === length)
    BY_LENGTH[number * (LONGEST + 1) + length] = same.length > 0 ? same : undefined
  }
}

/** The key of a scope that these bytes, without escapes, spell. */
export function findKey(number: number, bytes: Buffer, from: number, to: number): Key {
  const length = to - from
  if (length > LONGEST) return OTHER_KEY
  const keys = BY_LENGTH[number * (LONGEST + 1) + length]
  if (keys === undefined) return OTHER_KEY
  for (let k = 0; k < keys.length; k++) {
    const key = keys[k]!
    const { spelling } = key
    let i = 0
    while (i < length && spelling[i] === bytes[from + i]) i++
    if (i === length) return key
  }
  return OTHER_KEY
}

/** The same for a key that was written with escapes. */
export function findKeyNamed(number: number, name: string): Key {
  return BY_SCOPE[number]!.find((key) => key.name === name) ?? OTHER_KEY
}

function known(number: number, name: string): Key {
  const key = findKeyNamed(number, name)
  if (key === OTHER_KEY) throw new Error(`no key ${name}`)
  return key
}

export const ID_KEY = known(scope.MESSAGE, 'id')
export const METHOD_KEY = known(scope.MESSAGE, 'method')
export const RESULT_KEY = known(scope.MESSAGE, 'result')
export const ERROR_KEY = known(scope.MESSAGE, 'error')
export const ERROR_MESSAGE_KEY = known(scope.ERROR, 'message')
export const ITEM_NAME_KEY = known(scope.ITEM, 'name')

/** Forgets what an earlier value of the key said. */
export function clear(message: Envelope, key: Key): void {
  key.write(message, undefined)
  for (const inner of BY_SCOPE[key.opens]!) clear(message, inner)
}
