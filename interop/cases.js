// The cases: good tokens of the server, what can be made of them without its keys, and tokens that the
// server never signs, signed with keys of this test that stand in the key set beside the server's.
//
// Only node:crypto signs here, so that no library is asked about tokens that it made itself.

import { createHmac, generateKeyPairSync, sign } from 'node:crypto'

import { SERVERS } from './keyfob.js'

const HOUR = 3600
const STRANGER = 'https://stranger.example.com'

/** The key set to verify with, and the cases for each algorithm. */
export async function makeCases({ url: issuer, pat }, tokens) {
  const { keys } = await (await fetch(`${issuer}/.well-known/jwks.json`)).json()
  const own = Object.fromEntries(SERVERS.map(({ algorithm }) => [algorithm, new Key(algorithm, `test-${algorithm}`)]))
  const audiences = SERVERS.map(({ audience = issuer }) => audience)
  const cases = SERVERS.flatMap(({ name, algorithm }, at) => {
    const audience = audiences[at]
    const good = new Token(tokens[name])
    const all = { ...ofServer(good, keys), ...ofTest(good, own[algorithm]) }
    const made = Object.entries(all).map(([name, [expected, token]]) => ({ name, expected, token, audience }))
    const next = audiences[(at + 1) % audiences.length]
    const others = [
      { name: 'of another audience', expected: 'wrong_audience', token: good.text, audience: next },
      { name: 'the personal API token itself', expected: 'malformed', token: pat, audience },
    ]
    return [...made, ...others].map((each) => ({ ...each, algorithm, issuer, leeway: 30 }))
  })
  const jwks = { keys: [...keys, ...Object.values(own).map((key) => key.jwk)] }
  return { jwks, cases }
}

/** A token of the server, and what anybody can make of it. */
function ofServer(good, keys) {
  const { header, claims, parts } = good
  const [head, body, signature] = parts
  const jwk = keys.find(({ kid }) => kid === header.kid)
  const more = { ...claims, entitlements: [...(claims.entitlements ?? []), 'everything'] }
  const stranger = new Key(header.alg, header.kid)
  const none = encode({ ...header, alg: 'none' })
  const secret = encode({ ...header, alg: 'HS256' })
  return {
    "the server's own": ['accepted', good.text],
    'claims altered': ['bad_signature', [head, encode(more), signature].join('.')],
    'signature altered': ['bad_signature', [head, body, flipped(signature)].join('.')],
    'without a signature': ['wrong_algorithm', `${none}.${body}.`],
    'the public key as a secret': ['wrong_algorithm', `${secret}.${body}.${hmac(jwk, `${secret}.${body}`)}`],
    "a stranger's signature": ['bad_signature', stranger.sign(header, claims)],
  }
}

/** Tokens that the server never signs; the first shows that the key is not why the others are refused. */
function ofTest(good, key) {
  const header = { ...good.header, kid: key.kid }
  const { claims } = good
  const { iss, sub, aud, iat, exp, auth_time, jti } = claims
  const ended = { ...claims, iat: iat - 2 * HOUR, exp: iat - HOUR }
  const identity = { iss, sub, aud, iat, exp, auth_time, nonce: 'n', email: 'ana@example.com' }
  const event = { iss, aud, iat, jti, sub_id: { format: 'opaque', id: sub }, events: { 'urn:example:event': {} } }
  return {
    'control: the same by the test': ['accepted', key.sign(header, claims)],
    expired: ['expired', key.sign(header, ended)],
    'of another issuer': ['wrong_issuer', key.sign(header, { ...claims, iss: STRANGER })],
    'typ is JWT': ['wrong_type', key.sign({ ...header, typ: 'JWT' }, claims)],
    'an ID token': ['wrong_type', key.sign({ ...header, typ: 'JWT' }, identity)],
    'a security event': ['wrong_type', key.sign({ ...header, typ: 'secevent+jwt' }, event)],
  }
}

/** A token taken apart. */
class Token {
  constructor(text) {
    this.text = text
    this.parts = text.split('.')
    const [header, claims] = this.parts.map((part) => Buffer.from(part, 'base64url').toString())
    Object.assign(this, { header: JSON.parse(header), claims: JSON.parse(claims) })
  }
}

/** A key pair of this test, drawn for this run. */
class Key {
  constructor(algorithm, kid) {
    const pair = {
      ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
      EdDSA: () => generateKeyPairSync('ed25519'),
    }[algorithm]()
    const jwk = { ...pair.publicKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm, kid }
    Object.assign(this, { kid, jwk, secret: pair.privateKey, hash: algorithm === 'EdDSA' ? null : 'sha256' })
  }

  sign(header, claims) {
    const unsigned = `${encode(header)}.${encode(claims)}`
    const options = { key: this.secret, dsaEncoding: 'ieee-p1363' }
    return `${unsigned}.${sign(this.hash, Buffer.from(unsigned), options).toString('base64url')}`
  }
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function flipped(signature) {
  const bytes = Buffer.from(signature, 'base64url')
  bytes[bytes.length >> 1] ^= 1
  return bytes.toString('base64url')
}

/** What a verifier would compute that took the bytes of the public key for a shared secret. */
function hmac(jwk, unsigned) {
  const secret = Buffer.from(jwk.x ?? jwk.n, 'base64url')
  return createHmac('sha256', secret).update(unsigned).digest('base64url')
}
