/** A client of both eras on the 2.x SDK that uses all a server offers; the conformance suites are its servers. */
import { Client, type FetchLike, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client'
import { type Credentials, oauthOf } from './client-oauth.ts'
import { sampleOf } from './sample.ts'

export interface Conversation {
  readonly url: string
  /** The revision to speak; from 2026-07-28 on without sessions. */
  readonly revision: string
  /** Credentials, and calls to make instead of one of each tool. */
  readonly given: Credentials & { readonly toolCalls?: readonly ToolCall[] }
  readonly fetch: FetchLike
}

interface ToolCall {
  readonly name: string
  readonly arguments: Record<string, unknown>
}

/** A suite answers every request quickly or, in some scenarios, on purpose never. */
const PATIENCE = { timeout: 20_000 }

/** In one conversation, beside the one that every refusal starts: a server may never be content. */
const MOST_AUTHORIZATIONS = 2

/** Rejects with the first error, after everything else was tried. */
export async function converse({ url, revision, given, fetch }: Conversation): Promise<void> {
  const oauth = oauthOf(given, fetch)
  const authProvider = oauth.provider
  // Servers of 2025-03-26 have their issuer elsewhere than its metadata.
  const skipIssuerMetadataValidation = given.name?.includes('/2025-03-26-') === true
  const open = () =>
    new StreamableHTTPClientTransport(new URL(url), { authProvider, skipIssuerMetadataValidation, fetch })
  let transport = open()
  let client = clientOf(revision)
  let authorizations = 0

  async function authorized<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        if (!(error instanceof UnauthorizedError) || authorizations++ === MOST_AUTHORIZATIONS) throw error
        await transport.finishAuth(oauth.callback())
      }
    }
  }

  try {
    await authorized(async () => {
      client = clientOf(revision)
      transport = open()
      await client.connect(transport, PATIENCE)
    })
    await useAll(client, given.toolCalls, authorized)
  } finally {
    await client.close()
  }
}

function clientOf(revision: string): Client {
  const client = new Client(
    { name: 'reference-client', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} },
      versionNegotiation: { mode: revision >= '2026' ? { pin: revision } : 'legacy' },
    },
  )
  // What has a default is left to the SDK to fill in.
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }))
  client.setRequestHandler('sampling/createMessage', () => ({
    role: 'assistant',
    model: 'reference',
    content: { type: 'text', text: 'sampled' },
  }))
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///reference', name: 'reference' }] }))
  return client
}

type Authorized = <T>(ask: () => Promise<T>) => Promise<T>

async function useAll(client: Client, calls: readonly ToolCall[] | undefined, authorized: Authorized): Promise<void> {
  const failed: unknown[] = []
  const attempt = (ask: () => Promise<unknown>) => authorized(ask).catch((error: unknown) => void failed.push(error))

  const { tools } = await authorized(() => client.listTools(undefined, PATIENCE))
  const each =
    calls ??
    tools.map(({ name, inputSchema }) => ({
      name,
      arguments: sampleOf(inputSchema, { schema: tools[0]?.inputSchema }),
    }))
  for (const call of each) await attempt(() => client.callTool(call, PATIENCE))

  const { resources, prompts } = client.getServerCapabilities() ?? {}
  if (resources !== undefined) {
    await attempt(async () => {
      const listed = await client.listResources(undefined, PATIENCE)
      for (const { uri } of listed.resources) await attempt(() => client.readResource({ uri }, PATIENCE))
    })
  }
  if (prompts !== undefined) {
    await attempt(async () => {
      const listed = await client.listPrompts(undefined, PATIENCE)
      for (const { name } of listed.prompts) await attempt(() => client.getPrompt({ name }, PATIENCE))
    })
  }
  if (failed.length > 0) throw failed[0]
}
