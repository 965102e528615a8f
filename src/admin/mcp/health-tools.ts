/** The tools `get_health` and `set_component_health`. */
import { parseDuration } from '../../config/units.ts'
import { STATUSES } from '../../health/health.ts'
import { LONGEST_MESSAGE, ReportRefusedError } from '../../health/reported-components.ts'
import { alertFields } from '../../incidents/alerts.ts'
import type { Sources } from './sources.ts'
import { inputs, READ_ONLY, structured, type Tool, ToolFault } from './tool.ts'

/** A month. */
const LONGEST_MS = 31 * 24 * 3_600_000

const STATUS = { type: 'string', enum: STATUSES } as const

export function healthTools(sources: Sources): Tool[] {
  return [getHealth(sources), setComponentHealth(sources)]
}

function getHealth({ health, alerts }: Sources): Tool {
  return {
    right: 'read',
    definition: {
      name: 'get_health',
      title: 'Health and alerts',
      description:
        'Start here. Tells whether the gateway is ready for traffic, the status and message of each component ' +
        '(upstreams, telemetry exporters, what was set from outside), and the alerts that are firing now. ' +
        'An unhealthy component whose name begins with "upstream:" is a server that does not answer its probes: its message says why.',
      inputSchema: inputs({}),
      outputSchema: {
        type: 'object',
        properties: {
          status: { ...STATUS, description: 'unhealthy: not ready, load balancers send nothing.' },
          version: { type: 'string' },
          uptime: { type: 'number', description: 'Seconds.' },
          components: { type: 'object', description: 'Each with status, message and more, by name.' },
          alerts: { type: 'array', items: { type: 'object' }, description: 'Alerts that are firing.' },
        },
        required: ['status', 'components', 'alerts'],
      },
      annotations: READ_ONLY,
    },
    run: () => structured({ ...health.ready().report, alerts: alerts.firing().map(alertFields) }),
  }
}

function setComponentHealth({ reported, logger }: Sources): Tool {
  return {
    right: 'write',
    definition: {
      name: 'set_component_health',
      title: 'Set the health of a component',
      description:
        'Tells the gateway how something that it cannot see by itself is, for example a database behind the server. ' +
        'It then stands in the health report, and is counted in the status of the whole. ' +
        'Give "for" so that what was set does not stay for ever. Needs a token with the right "write".',
      inputSchema: inputs(
        {
          name: { type: 'string', description: 'Name of the component: letters, digits, and any of . _ -' },
          status: { ...STATUS, description: 'How it is.' },
          message: { type: 'string', maxLength: LONGEST_MESSAGE, description: 'Why, in a sentence.' },
          for: {
            type: 'string',
            pattern: '^\\d+(ms|s|m|h)$',
            description: 'How long it holds (30s, 10m, 2h); then what was before does. Left out: until set anew.',
          },
          required: {
            type: 'boolean',
            description: 'Whether its being unhealthy takes the gateway out of traffic. Left out: no, or as before.',
          },
        },
        ['name', 'status'],
      ),
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    },
    run: (given, { name: caller }) => {
      const name = given.needed('name')
      const status = given.word('status', STATUSES)
      if (status === undefined) throw new ToolFault('status is missing')
      const message = given.text('message', LONGEST_MESSAGE) ?? ''
      const text = given.text('for')
      const ttlMs = text === undefined ? undefined : parseDuration(text)
      if (ttlMs !== undefined && !(ttlMs > 0 && ttlMs <= LONGEST_MS))
        throw new ToolFault('for must be a duration such as 30s, 10m or 2h, at most 744h')
      try {
        reported.set(name, { status, message, ttlMs, required: given.flag('required') })
      } catch (error) {
        if (error instanceof ReportRefusedError) throw new ToolFault(error.message)
        throw error
      }
      logger.info({ caller, component: name, status, for: text }, 'component set by MCP')
      return structured({ name, status, message, ...(text !== undefined && { for: text }) })
    },
  }
}
