/** All dashboards, each with its file; `node .ci/generate-docs.ts` writes them. */
import { built } from './board.ts'
import { gateway } from './gateway.ts'
import { objectives } from './objectives.ts'
import { overview } from './overview.ts'
import { sessions } from './sessions.ts'
import { tools } from './tools.ts'
import { upstreams } from './upstreams.ts'

/** Path from the root of the repository, and what the file must hold. */
export const dashboards: readonly (readonly [path: string, text: () => string])[] = [
  overview,
  tools,
  sessions,
  upstreams,
  gateway,
  objectives,
].map((board) => [`deploy/grafana/dashboards/${board.name}.json`, () => `${JSON.stringify(built(board), null, 2)}\n`])
