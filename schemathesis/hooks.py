"""What schemathesis cannot know: how one signs in here, and which ids there are.

It is told nothing of what may be answered, and no answer is looked at here. `cargo xtask schemathesis`
starts the server and says by the environment where it is and what it holds.
"""

import functools
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request

import schemathesis

URL = os.environ["KEYFOB_URL"]
PEOPLE = json.loads(os.environ["KEYFOB_PEOPLE"])
# Who calls where both may: a person with a session, or a program with an access token.
CALLER = os.environ["KEYFOB_CALLER"]
API = "/identity/v1"
COOKIE = "keyfob_session"
# Of a run: these operations end the session that they are called with, or others of the same person.
ENDING = {"signOut", "endOtherSessions", "endSession"}
EXAMPLE = "0198c0de-0000-7000-8000-"
# An id that was drawn by schemathesis: those of the server are of version 7.
DRAWN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-689a-f][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)


def ask(method, path, body=None, form=None, **headers):
    """Calls the server beside the run; the answer's headers and JSON."""
    data = None
    if body is not None:
        data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    if form is not None:
        data, headers["Content-Type"] = (
            urllib.parse.urlencode(form).encode(),
            "application/x-www-form-urlencoded",
        )
    request = urllib.request.Request(URL + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers, json.load(answer)


def sign_in(number):
    """A new session's cookie."""
    person = PEOPLE[number]
    credentials = {"email": person["email"], "password": person["password"]}
    headers, _who = ask("POST", API + "/session", credentials)
    return headers["Set-Cookie"].split(";")[0]


@functools.cache
def session(number):
    return sign_in(number)


@functools.cache
def organizations():
    """The highest organization, and one below it that nothing else here depends on."""
    _headers, listed = ask("GET", API + "/organizations", Cookie=session(0))
    root = next(org["id"] for org in listed["data"] if "parentOrganizationId" not in org)
    path = f"{API}/organizations/{root}/sub-organizations"
    _headers, below = ask("POST", path, {"name": "Schemathesis"}, Cookie=session(0))
    return root, below["id"]


def generate():
    """A new personal API token of the first person's."""
    root, _below = organizations()
    path = f"{API}/organizations/{root}/personal-api-tokens"
    return ask("POST", path, {"expiresInDays": 1}, Cookie=session(0))[1]


def exchange(pat):
    """An access token for the highest organization."""
    return ask("POST", "/auth/v2/token", form={"pat": pat["token"]})[1]["access_token"]


@functools.cache
def access_token():
    return exchange(generate())


@functools.cache
def other_pat():
    """A token to be revoked and rotated."""
    return generate()["id"]


@functools.cache
def member():
    """Somebody to be suspended and given roles: neither who calls, nor an owner."""
    root, _below = organizations()
    _headers, members = ask("GET", f"{API}/organizations/{root}/users", Cookie=session(0))
    return next(one["id"] for one in members if one["email"] == PEOPLE[3]["email"])


@schemathesis.auth(refresh_interval=None)
class Caller:
    """Signs a request as the operation's security asks for it."""

    def get(self, case, context):
        operation = case.operation.definition.raw
        schemes = {name for one in operation.get("security", []) for name in one}
        if "accessToken" in schemes and (CALLER == "token" or "session" not in schemes):
            return {"Authorization": f"Bearer {access_token()}"}
        if operation["operationId"] in ENDING:
            # Somebody else, who signs in anew each time.
            return {"Cookie": sign_in(1)}
        if "session" in schemes:
            return {"Cookie": session(0)}
        return {}

    def set(self, case, data, context):
        case.headers.update(data)


def real(name, path):
    """An id that exists, for the parameter of that name."""
    root, below = organizations()
    ids = {
        "organization": lambda: below if path.endswith(("{organization}", "/move")) else root,
        "parent": lambda: root,
        "user": member,
        "token": other_pat,
        "tokens": other_pat,
        "subOrganization": lambda: below,
        "subOrganizationId": lambda: below,
        "userId": member,
        "owner": member,
    }
    return ids[name]() if name in ids else None


def known(name, value, path):
    """The same value, or an existing id where one was drawn or is the document's example."""
    if isinstance(value, list):
        return [known(name, one, path) for one in value]
    if not isinstance(value, str):
        return value
    # Some of the drawn ones stay: an id that is not there is a case too.
    is_drawn = DRAWN.fullmatch(value) and value[-1] not in "0123"
    if is_drawn or value.startswith(EXAMPLE):
        return real(name, path) or value
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            for name, value in part.items():
                part[name] = known(name, value, case.path)
