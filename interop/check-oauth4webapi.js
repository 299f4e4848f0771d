// npm oauth4webapi: its own validation of RFC 9068 access tokens, from the request that carries one.

import * as oauth from 'oauth4webapi'

import { check } from './check.js'

await check((jwks) => {
  const keys = async () => Response.json(jwks)
  return async ({ token, issuer, audience, now, leeway }) => {
    const server = { issuer, jwks_uri: 'https://keys.example.com/jwks.json' }
    const request = new Request('https://api.example.com/', { headers: { authorization: `Bearer ${token}` } })
    await oauth.validateJwtAccessToken(server, request, audience, {
      signingAlgorithms: ['ES256', 'RS256', 'EdDSA'],
      [oauth.customFetch]: keys,
      [oauth.jwksCache]: { jwks, uat: Math.floor(Date.now() / 1000) },
      [oauth.clockTolerance]: leeway,
      [oauth.clockSkew]: now === undefined ? 0 : now - Math.floor(Date.now() / 1000),
    })
  }
})
