/** Every way an origin can fail or surprise, by name, each with what a correct gateway makes of it. */
import type { Fault } from './fault-parts.ts'
import { deliveryFaults } from './faults-of-delivery.ts'
import { surpriseFaults } from './faults-of-surprise.ts'
import { syntaxFaults } from './faults-of-syntax.ts'
import type { Behaviour } from './raw-origin.ts'

export const faults: readonly Fault[] = [...deliveryFaults, ...syntaxFaults, ...surpriseFaults]

/** The faults' behaviours by name: the `named` option of an origin whose requests choose by `x-behaviour`. */
export const faultBehaviours: Readonly<Record<string, Behaviour>> = Object.fromEntries(
  faults.map(({ name, behaviour }) => [name, behaviour]),
)

export function fault(name: string): Fault {
  const found = faults.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no fault ${name}`)
  return found
}
