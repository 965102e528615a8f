/** `sidelight health`: asks a running gateway whether it is ready. Loads little, because it runs every few seconds. */
import { adminUrl, UsageError } from './admin-url.ts'
import { ask, NoAnswerError } from './ask.ts'
import { EX_FAILED, EX_USAGE } from './exit-codes.ts'
import { readinessOf } from './readiness.ts'

const TIMEOUT_MS = 3_000

/** Says in one line how the gateway is; resolves with the exit code. */
export async function health(
  admin: { readonly host: string; readonly port: number },
  { url: given }: { readonly url?: string },
): Promise<number> {
  try {
    const url = adminUrl(admin, given, '/health/ready')
    const { status, text } = await ask(url, TIMEOUT_MS)
    const line = told(text)
    if (line === undefined) throw new NoAnswerError(`${url.host} answers ${status}, but is no gateway`)
    if (status !== 200) throw new NoAnswerError(line)
    process.stdout.write(`${line}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof NoAnswerError)) throw error
    process.stderr.write(`sidelight: ${error.message}\n`)
    return error instanceof UsageError ? EX_USAGE : EX_FAILED
  }
}

/** The status, and what keeps it from being healthy. */
function told(text: string): string | undefined {
  const report = readinessOf(text)
  if (report === undefined) return undefined
  const words = report.wrong.map(({ name, status, message }) => `${name} is ${status} (${message})`)
  return words.length === 0 ? report.status : `${report.status}: ${words.join(', ')}`
}
