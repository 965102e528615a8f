/** Defaults of the configuration that files for deployment depend on. */
import { loadConfig } from '../../../src/config/load.ts'

const loaded = await loadConfig({ argv: [], env: {}, cwd: '/' })
if ('errors' in loaded) throw new Error(JSON.stringify(loaded.errors))
if (!('config' in loaded)) throw new Error('no configuration')

export const CONFIG_DEFAULTS = { drainSeconds: loaded.config.drain.deadline / 1000 } as const
