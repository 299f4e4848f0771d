"""PyPI PyJWT, told what to require; the type is the one thing that it leaves to the caller."""

import datetime
from unittest import mock

import jwt
from check import check

REQUIRED = ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]  # RFC 9068 section 2.2


def prepare(jwks):
    """A verifier with this key set."""
    keys = jwt.PyJWKSet.from_dict(jwks)

    def decode(case):
        kid = jwt.get_unverified_header(case["token"])["kid"]
        decoded = jwt.decode_complete(
            case["token"],
            key=keys[kid],
            algorithms=["ES256", "RS256", "EdDSA"],
            issuer=case["issuer"],
            audience=case["audience"],
            leeway=case["leeway"],
            options={"require": REQUIRED, "strict_aud": True},
        )
        if decoded["header"].get("typ") != "at+jwt":
            raise jwt.InvalidTokenError("not an access token")

    def verify(case):
        if case.get("now") is None:
            return decode(case)
        # PyJWT reads the clock itself.
        clock = mock.Mock(wraps=datetime.datetime)
        clock.now.return_value.timestamp.return_value = case["now"]
        with mock.patch("jwt.api_jwt.datetime", clock):
            return decode(case)

    return verify


check(prepare)
