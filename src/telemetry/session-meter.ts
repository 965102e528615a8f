/** Leaves the session registry's figures in the catalogue. */
import type { SessionMeter } from '../session/meter.ts'
import type { SessionInstruments } from './session-instruments.ts'

export function sessionMeter(instruments: SessionInstruments): SessionMeter {
  return {
    created: (upstream) => instruments.created.bind([upstream]).add(1),
    active: (upstream, sessions) => instruments.active.bind([upstream]).set(sessions),
    evicted: (upstream, reason) => instruments.evicted.bind([upstream, reason]).add(1),
    untracked: (upstream) => instruments.untracked.bind([upstream]).add(1),
    ended: (upstream, by, seconds) => instruments.duration.bind([upstream, by]).record(seconds),
    heartbeat: (upstream, sessions) => instruments.heartbeatChecks.bind([upstream]).add(sessions),
    dead: (upstream, reason) => instruments.deadDetected.bind([upstream, reason]).add(1),
  }
}
