/** The objects and arrays of a JSON-RPC message that are looked into; everything else is skipped. Pure. */

export const NO_SCOPE = 0
export const DOCUMENT = 1
export const BATCH = 2
export const MESSAGE = 3
export const PARAMS = 4
export const PARAMS_META = 5
export const CLIENT_INFO = 6
export const META_CLIENT_INFO = 7
export const RESULT = 8
export const RESULT_META = 9
export const SERVER_INFO = 10
export const META_SERVER_INFO = 11
export const ERROR = 12
export const TOOLS = 13
export const PROMPTS = 14
export const ITEM = 15

/** What encloses each scope; an item is in either list. */
export const PARENT: readonly number[] = [
  0,
  0,
  DOCUMENT,
  DOCUMENT,
  MESSAGE,
  PARAMS,
  PARAMS,
  PARAMS_META,
  MESSAGE,
  RESULT,
  RESULT,
  RESULT_META,
  MESSAGE,
  RESULT,
  RESULT,
  TOOLS,
]

/** How many containers are open in each scope; one more in a batch. */
export const DEPTH: readonly number[] = [0, 0, 1, 1, 2, 3, 3, 4, 2, 3, 3, 4, 2, 3, 3, 4]
