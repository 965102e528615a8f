/** What the kernel says of a process: CPU time used and memory resident (Linux only). */
import { readFileSync } from 'node:fs'

/** USER_HZ, 100 on every Linux platform that Node supports. */
const TICKS_PER_SECOND = 100

/** User and system time of all threads, in microseconds, in steps of 10,000. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the program's name in parentheses and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND
}

export function rssBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024
}

/** Busy time of all cores, in microseconds: user, nice, system, interrupts, and what the host took away. */
export function machineCpuMicroseconds(): number {
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? ''
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number)
  return ((user + nice + system + irq + softirq + steal) * 1e6) / TICKS_PER_SECOND
}
