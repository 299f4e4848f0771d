"""PyPI Authlib: its validator of RFC 9068 access tokens."""

import warnings

from authlib.deprecate import AuthlibDeprecationWarning
from authlib.oauth2.rfc6750.errors import InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from authlib.oauth2.rfc9068.claims import JWTAccessTokenClaims
from check import check
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet

# Authlib imports key sets by a function that it will drop; joserfc calls the name EdDSA deprecated.
warnings.simplefilter("ignore", AuthlibDeprecationWarning)
warnings.simplefilter("ignore", SecurityWarning)


class Validator(JWTBearerTokenValidator):
    """The validator as it comes, with the one method that every service adds. It knows ES256 and RS256."""

    def __init__(self, jwks, issuer, audience):
        super().__init__(issuer, audience)
        self.jwks = jwks

    def get_jwks(self):
        return self.jwks


class EdValidator(Validator):
    """The same with EdDSA allowed, which joserfc leaves out of what it does by itself (RFC 9864)."""

    def authenticate_token(self, token_string):
        required = ["exp", "sub", "client_id", "iat", "jti"]
        options = {name: {"essential": True} for name in required}
        options["iss"] = {"essential": True, "value": self.issuer}
        options["aud"] = {"essential": True, "value": self.resource_server}
        keys = KeySet.import_key_set(self.jwks)
        try:
            token = jwt.decode(token_string, keys, algorithms=["ES256", "RS256", "EdDSA"])
        except JoseError as error:
            raise InvalidTokenError from error
        return JWTAccessTokenClaims(token.claims, token.header, options)


def prepare(jwks):
    """A verifier with this key set."""

    def verify(case):
        kind = Validator if case.get("algorithm") in ("ES256", "RS256") else EdValidator
        validator = kind(jwks, case["issuer"], case["audience"])
        token = validator.authenticate_token(case["token"])
        if case.get("now") is None:
            validator.validate_token(token, None, None)
        else:
            token.validate(now=case["now"], leeway=case["leeway"])

    return verify


check(prepare)
