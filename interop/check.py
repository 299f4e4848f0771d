"""What the programs in Python have in common: read the work, ask about each token, write a line for each."""

import json
import sys


def check(prepare):
    """Writes, for each token, whether `verify(case)` returned.

    Whatever is raised is a refusal: a service answers 401 or 500 then, but lets nobody in.
    """
    with open(sys.argv[1], encoding="utf-8") as file:
        work = json.load(file)
    for part in work:
        verify = prepare(part["jwks"])
        for at, case in enumerate(part["cases"]):
            why = None
            try:
                verify(case)
            except Exception as error:
                why = f"{type(error).__name__}: {error.__cause__ or error}"
            print(json.dumps({"set": part["set"], "at": at, "accepted": why is None, "why": why}))
