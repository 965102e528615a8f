/** The part of the metadata reflection API that the certificate library's dependency injection asks for at load. */

const stores = new WeakMap<object, Map<unknown, unknown>>()

function own(target: object): Map<unknown, unknown> {
  const store = stores.get(target) ?? new Map<unknown, unknown>()
  stores.set(target, store)
  return store
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  own(target).set(key, value)
}

function getOwnMetadata(key: unknown, target: object): unknown {
  return stores.get(target)?.get(key)
}

function getMetadata(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) {
    if (stores.get(at)?.has(key)) return getOwnMetadata(key, at)
  }
  return undefined
}

function metadata(key: unknown, value: unknown): (target: object) => void {
  return (target) => defineMetadata(key, value, target)
}

for (const part of [defineMetadata, getOwnMetadata, getMetadata, metadata]) {
  if (!(part.name in Reflect))
    Object.defineProperty(Reflect, part.name, { value: part, configurable: true, writable: true })
}
