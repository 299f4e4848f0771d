// The RFC 8693 door of Keyfob, `POST /oauth/token`, driven by openid-client as any program would.

import * as jose from 'jose'
import * as client from 'openid-client'

import { SERVERS } from './keyfob.js'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const PAT_TYPE = 'urn:keyfob:token-type:pat'
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'
const CLIENT = 'interop'

/** Runs each step, and gives what came of it with the tokens by name of the resource server. */
export async function checkDoor(keyfob) {
  const door = new Door(keyfob)
  await door.step('discovery, RFC 8414', () => door.discover('oauth2'))
  await door.step('discovery, OpenID', () => door.discover('oidc'))
  for (const server of SERVERS) {
    for (const parameter of ['audience', 'resource']) {
      await door.step(`${server.algorithm} by ${parameter}`, () => door.exchangeFor(server, parameter))
    }
  }
  await door.step('organization and scope', () => door.exchangeNarrow())
  for (const [name, change, status, error] of REFUSALS) {
    await door.step(`refused: ${name}`, () => door.refuse(change, status, error))
  }
  await door.step('refused: a secret in the body', () => door.refuseClient(client.ClientSecretPost('secret')))
  await door.step('refused: a secret in the header', () => door.refuseClient(client.ClientSecretBasic('secret')))
  return { steps: door.steps, tokens: door.tokens }
}

const REFUSALS = [
  ['unknown token', { subject_token: 'kfb_pat_unknown' }, 400, 'invalid_request'],
  ['type of another token', { subject_token_type: ACCESS_TOKEN_TYPE }, 400, 'invalid_request'],
  ['ID token asked for', { requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' }, 400, 'invalid_request'],
  ['acting for another', { actor_token: 'x', actor_token_type: ACCESS_TOKEN_TYPE }, 400, 'invalid_request'],
  ['unknown audience', { audience: 'https://nobody.example.com' }, 400, 'invalid_target'],
  ['unknown scope', { scope: 'no-such-scope' }, 400, 'invalid_scope'],
]

class Door {
  constructor({ url, pat, organizationId }) {
    Object.assign(this, { url, pat, organizationId, steps: [], tokens: {} })
  }

  async step(name, run) {
    try {
      await run()
      this.steps.push({ name })
    } catch (error) {
      const cause = error.cause ? ` (${JSON.stringify(error.cause)})` : ''
      this.steps.push({ name, wrong: `${error.message}${cause}` })
    }
  }

  async discover(algorithm, authentication = client.None()) {
    const options = { algorithm, execute: [client.allowInsecureRequests] }
    const found = await client.discovery(new URL(this.url), CLIENT, undefined, authentication, options)
    const metadata = found.serverMetadata()
    same('issuer', metadata.issuer, this.url)
    same('token exchange', metadata.grant_types_supported?.includes(EXCHANGE), true)
    same('client authentication', metadata.token_endpoint_auth_methods_supported, ['none'])
    this.keys ??= jose.createRemoteJWKSet(new URL(metadata.jwks_uri))
    return found
  }

  async ask(parameters, authentication) {
    const server = await this.discover('oauth2', authentication)
    const usual = { subject_token: this.pat, subject_token_type: PAT_TYPE }
    return client.genericGrantRequest(server, EXCHANGE, { ...usual, ...parameters })
  }

  /** The claims of what was given, verified with the keys that the metadata point at. */
  async claims(answer, { algorithm, audience = this.url }) {
    same('issued_token_type', answer.issued_token_type, ACCESS_TOKEN_TYPE)
    same('token_type', answer.token_type, 'bearer')
    const expected = { issuer: this.url, audience, algorithms: [algorithm], typ: 'at+jwt' }
    const { payload } = await jose.jwtVerify(answer.access_token, this.keys, expected)
    same('expires_in', answer.expires_in, payload.exp - payload.iat)
    same('refresh_token', answer.refresh_token, undefined)
    return payload
  }

  async exchangeFor(server, parameter) {
    const answer = await this.ask({ [parameter]: server.audience ?? this.url })
    await this.claims(answer, server)
    this.tokens[server.name] = answer.access_token
  }

  async exchangeNarrow() {
    const answer = await this.ask({ organization: this.organizationId, scope: 'openid email' })
    const claims = await this.claims(answer, SERVERS[0])
    same('currentOrganizationId', claims.currentOrganizationId, this.organizationId)
    same('email', typeof claims.email, 'string')
    same('name', claims.name, undefined)
  }

  async refuse(change, status, error) {
    const answer = await this.ask(change).catch((refusal) => refusal)
    same('refusal', answer instanceof client.ResponseBodyError, true)
    same('status and error', [answer.status, answer.error], [status, error])
  }

  /** There are no clients to authenticate as. A 401 has a challenge (RFC 9110 §11.6.1), which the library shows first. */
  async refuseClient(authentication) {
    const answer = await this.ask({}, authentication).catch((refusal) => refusal)
    same('challenge', answer instanceof client.WWWAuthenticateChallengeError, true)
    const { error } = await answer.response.json()
    same('status and error', [answer.status, error], [401, 'invalid_client'])
  }
}

function same(what, found, expected) {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)]
  if (one !== other) throw new Error(`${what} is ${one} and should be ${other}`)
}
