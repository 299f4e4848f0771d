// npm jose, as its documentation says to verify an access token.

import { createLocalJWKSet, jwtVerify } from 'jose'

import { check } from './check.js'

await check((jwks) => {
  const keys = createLocalJWKSet(jwks)
  return async ({ token, issuer, audience, now, leeway }) => {
    await jwtVerify(token, keys, {
      issuer,
      audience,
      typ: 'at+jwt',
      algorithms: ['ES256', 'RS256', 'EdDSA'],
      // RFC 9068 §2.2; `iss` and `aud` are asked for above.
      requiredClaims: ['exp', 'sub', 'client_id', 'iat', 'jti'],
      clockTolerance: leeway,
      ...(now === undefined ? {} : { currentDate: new Date(now * 1000) }),
    })
  }
})
