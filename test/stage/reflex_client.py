"""The booking backend that cleans by reflex (docs/cleaning.md), as it is in use.

For each line `phone<TAB>text` of its input: asks for the status; unless that is `connected` it posts force-clean-session, sleeps, and asks
again; it posts the message only when that says `connected`, and drops it otherwise. Answers each line with one line of JSON.

Arguments: URL, key, organization, seconds to sleep.
"""

import json
import sys
import time
import urllib.request

URL, KEY, ORGANIZATION, SLEEP = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])


def call(path, body=None):
    request = urllib.request.Request(
        URL + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"x-api-key": KEY, "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def status():
    return call("/api/status/" + ORGANIZATION)["status"]


for line in sys.stdin:
    phone, text = line.rstrip("\n").split("\t")
    first, cleaned = status(), None
    if first in ("connecting", "disconnected", "qr_required"):
        cleaned = call("/api/force-clean-session", {"organization_id": ORGANIZATION}).get("cleaned")
        time.sleep(SLEEP)
        if status() != "connected":
            print(json.dumps({"posted": False, "first": first, "cleaned": cleaned}), flush=True)
            continue
    answer = call("/api/send-message", {"organization_id": ORGANIZATION, "phone": phone, "message": text})
    print(json.dumps({"posted": answer["success"], "first": first, "cleaned": cleaned}), flush=True)
