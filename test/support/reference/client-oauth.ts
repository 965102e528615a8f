/** The OAuth side of the reference client: registers, and consents in the user's place by following the redirect. */
import {
  ClientCredentialsProvider,
  DpopSession,
  type FetchLike,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  PrivateKeyJwtProvider,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client'

/** What a scenario hands out; the names are the suites'. */
export interface Credentials {
  readonly name?: string
  readonly client_id?: string
  readonly client_secret?: string
  readonly issuer?: string
  readonly private_key_pem?: string
  readonly signing_algorithm?: string
}

export interface OAuth {
  readonly provider: OAuthClientProvider
  /** What the authorization server sent back; throws if it was not asked. */
  callback(): URLSearchParams
}

/** The client id, as a URL, by which a server that takes such ids may know this client. */
const METADATA_URL = 'https://conformance-test.local/client-metadata.json'

export function oauthOf(given: Credentials, fetch: FetchLike): OAuth {
  const machine = machineOf(given)
  if (machine === undefined) return new UserOAuth(given, fetch)
  return {
    provider: machine,
    callback() {
      throw new Error('no user was asked')
    },
  }
}

function machineOf({ name = '', client_id, ...rest }: Credentials): OAuthClientProvider | undefined {
  if (!name.startsWith('auth/client-credentials') || client_id === undefined) return undefined
  const { client_secret, private_key_pem, signing_algorithm = 'ES256' } = rest
  if (client_secret !== undefined) {
    return new ClientCredentialsProvider({ clientId: client_id, clientSecret: client_secret })
  }
  return new PrivateKeyJwtProvider({
    clientId: client_id,
    privateKey: private_key_pem ?? '',
    algorithm: signing_algorithm,
  })
}

class UserOAuth implements OAuth, OAuthClientProvider {
  readonly redirectUrl = 'http://localhost:3000/callback'
  readonly clientMetadataUrl = METADATA_URL
  readonly clientMetadata = {
    client_name: 'reference-client',
    redirect_uris: [this.redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }
  readonly provider = this
  readonly #fetch: FetchLike
  #client: StoredOAuthClientInformation | undefined
  #tokens: StoredOAuthTokens | undefined
  readonly #proofs: Promise<DpopSession> | undefined
  #verifier = ''
  #discovered: OAuthDiscoveryState | undefined
  #callback: URLSearchParams | undefined

  constructor({ name, client_id, client_secret, issuer }: Credentials, fetch: FetchLike) {
    this.#fetch = fetch
    if (name?.startsWith('auth/dpop') === true) this.#proofs = DpopSession.create()
    if (client_id !== undefined) this.#client = { client_id, client_secret, issuer }
  }

  clientInformation(): StoredOAuthClientInformation | undefined {
    return this.#client
  }

  saveClientInformation(client: StoredOAuthClientInformation): void {
    this.#client = client
  }

  tokens(): StoredOAuthTokens | undefined {
    return this.#tokens
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    this.#tokens = tokens
    this.#callback = undefined
  }

  /** Tokens bound to a key: each request proves it for its own URL, as the server sees that. */
  async dpop(): Promise<DpopSession | undefined> {
    return this.#proofs
  }

  codeVerifier(): string {
    return this.#verifier
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }

  /** Only for the way back: each new authorization looks anew where it has to go. */
  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#callback === undefined ? undefined : this.#discovered
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovered = state
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    const { headers } = await this.#fetch(url, { redirect: 'manual' })
    this.#callback = new URL(headers.get('location') ?? '').searchParams
  }

  callback(): URLSearchParams {
    if (this.#callback === undefined) throw new Error('no authorization was asked for')
    return this.#callback
  }
}
