"""What schemathesis cannot know: how one signs in here, and which ids, tokens and words there are.

Nothing is said here of what may be answered, and no answer is looked at. `cargo xtask schemathesis` starts the
server, and tells by the environment what it holds and who calls.
"""

import functools
import json
import os
import re
import unicodedata
import urllib.error
import urllib.parse
import urllib.request

import schemathesis
from hypothesis import strategies

with open(os.environ["KEYFOB_DEMO"], encoding="utf-8") as said:
    DEMO = json.load(said)
URL, PEOPLE = DEMO["url"], DEMO["users"]
# Who calls where both may: a person with a session, or a program with an access token.
CALLER = os.environ["KEYFOB_CALLER"]
API = "/identity/v1"
# These end the session that they are called with, or others of the same person.
ENDING = {"signOut", "endOtherSessions", "endSession"}
# The ids of the document's examples, and its secret.
EXAMPLE, EXAMPLE_SECRET = "0198c0de-0000-7000-8000-", "kfpat_example"
# An id that was drawn by schemathesis: those of the server are of version 7.
DRAWN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-689a-f][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)
SECRETS = {"pat", "personal-access-key", "personalAccessKey", "subject_token"}
ROLE_KEY = re.compile(r"[a-z0-9-]{1,80}")


# Letters that are there and not seen (Default_Ignorable_Code_Point), beside those of other categories.
UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"


def is_name(text):
    return bool(text.strip()) and len(unicodedata.normalize("NFC", text)) <= 100


seen = strategies.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters=UNSEEN)
schemathesis.openapi.format(
    "visible-name", strategies.text(seen, min_size=1, max_size=100).filter(is_name)
)


def ask(method, path, body=None, form=None, **headers):
    """Calls the server beside the run; the answer's headers and JSON."""
    data = None
    if body is not None:
        data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    if form is not None:
        data = urllib.parse.urlencode(form).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    request = urllib.request.Request(URL + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers, json.load(answer)


class Kept:
    """Something that is made when it is needed, and anew when a case of the run has ended it."""

    def __init__(self, make, is_good):
        self.make, self.is_good, self.value = make, is_good, None

    def __call__(self):
        if self.value is not None:
            try:
                self.is_good(self.value)
            except urllib.error.HTTPError:
                self.value = None
        if self.value is None:
            self.value = self.make()
        return self.value


def sign_in(number):
    """A new session's cookie."""
    person = PEOPLE[number]
    credentials = {"email": person["email"], "password": person["password"]}
    headers, _who = ask("POST", API + "/session", credentials)
    return headers["Set-Cookie"].split(";")[0]


session = Kept(lambda: sign_in(0), lambda cookie: ask("GET", API + "/session", Cookie=cookie))


@functools.cache
def organizations():
    """The highest organization, and one below it that nothing else here depends on."""
    _headers, listed = ask("GET", API + "/organizations", Cookie=session())
    root = next(org["id"] for org in listed["data"] if "parentOrganizationId" not in org)
    path = f"{API}/organizations/{root}/sub-organizations"
    _headers, below = ask("POST", path, {"name": "Schemathesis"}, Cookie=session())
    return root, below["id"]


def generate():
    """A new personal API token of the first person's."""
    path = f"{API}/organizations/{organizations()[0]}/personal-api-tokens"
    return ask("POST", path, {"expiresInDays": 1}, Cookie=session())[1]


def exchange(secret):
    """An access token for the highest organization."""
    return ask("POST", "/auth/v2/token", form={"pat": secret})[1]["access_token"]


secret = Kept(lambda: generate()["token"], exchange)
access_token = Kept(
    lambda: exchange(secret()),
    lambda token: ask("GET", "/oauth/userinfo", Authorization=f"Bearer {token}"),
)


@functools.cache
def other_pat():
    """A token to be revoked and rotated."""
    return generate()["id"]


@functools.cache
def member():
    """Somebody to be suspended and given roles, who is not the one that calls."""
    path = f"{API}/organizations/{organizations()[0]}/users"
    _headers, members = ask("GET", path, Cookie=session())
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
        return {"Cookie": session()} if "session" in schemes else {}

    def set(self, case, data, context):
        case.headers.update(data)


def real(name, path):
    """An id that exists, for the parameter or member of that name."""
    root, below = organizations()
    return {
        "organization": below if path.endswith(("{organization}", "/move")) else root,
        "subOrganization": below,
        "subOrganizationId": root,
        "parent": root,
    }.get(name) or {
        "user": member,
        "userId": member,
        "owner": member,
        "token": other_pat,
        "tokens": other_pat,
    }.get(name, lambda: None)()


def known(name, value, path):
    """The same value; or one that exists, where one was drawn or is the document's example."""
    if isinstance(value, list):
        return [known(name, one, path) for one in value]
    if not isinstance(value, str):
        return value
    if name in SECRETS and (value == EXAMPLE_SECRET or path == "/oauth/token") and value.strip():
        return secret()
    # There is one resource server, and the words of the role catalogue are few.
    if name in {"audience", "resource"} and value:
        return URL
    if name == "scope" and path == "/oauth/token" and value:
        return "openid email"
    if name == "permission":
        return "build:view"
    if name == "roles" and ROLE_KEY.fullmatch(value):
        return "view-build"
    # Some of the drawn ids stay: one that is not there is a case too.
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


@schemathesis.hook
def filter_case(context, case):
    """Leaves out what is said to violate the form of a name and does not.

    Schemathesis knows no text that is outside of a form which it does not know itself, and takes every text for
    one. A body that is nothing but a good name must be accepted, whatever it was drawn for.
    """
    body = case.body
    is_meant_as_wrong = case.meta is not None and case.meta.generation.mode.is_negative
    is_only_a_name = isinstance(body, dict) and set(body) == {"name"} and isinstance(body["name"], str)
    return not (is_meant_as_wrong and is_only_a_name and is_name(body["name"]))
