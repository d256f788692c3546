"""A driver to begin with: it speaks the protocol, and its client can connect. Add the operations of yours."""

import base64
import json
import sys
import urllib.error
import urllib.parse
import urllib.request


class Failed(Exception):
    """An operation that was not carried out, or of which nobody knows."""

    def __init__(self, message, log_reference=None, outcome="rejected"):
        super().__init__(message)
        self.said = {"message": message, "log_reference": log_reference, "outcome": outcome}


# ---- Your client, or the calls of it.


class Client:
    def __init__(self, start):
        self.base_url = start["base_url"]
        token = base64.b64encode(start["token"].encode()).decode()
        self.headers = {
            "Authorization": f"AfasToken {token}",
            "IntegrationId": start["integration_id"],
            "Accept-Language": start["language"],
        }

    def get(self, path, **parameters):
        url = f"{self.base_url}/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=self.headers)) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            body = json.loads(error.read() or "{}")
            message = body.get("externalMessage", f"AFAS answered {error.code}")
            raise Failed(message, body.get("profitLogReference")) from None

    def connect(self):
        order = {"orderbyfieldids": "AdminId", "skip": 0, "take": 100}
        rows = self.get("connectors/Zenvoices_AdministrationDetails", **order)["rows"]
        return {"administrations": [{"id": row["AdminId"], "name": row["AdminNm"]} for row in rows]}


# What it can do: the name of an operation, and a function of the client and the arguments.
OPERATIONS = {
    "connect": lambda client, arguments: client.connect(),
}
ABOUT = {"name": "my client", "version": "0.1", "language": "Python", "features": []}

# ---- The protocol: one JSON object a line. Nothing else may be written to stdout; stderr is yours.


def ran(client, command):
    try:
        return {"ok": OPERATIONS[command["operation"]](client, command["arguments"])}
    except Failed as failed:
        return {"failed": failed.said}


def main():
    client = None
    for line in sys.stdin:
        command = json.loads(line)
        if command["cmd"] == "stop":
            return
        if command["cmd"] == "start":  # comes again for each new environment
            client = Client(command)
            answer = {"ok": {**ABOUT, "operations": list(OPERATIONS)}}
        else:
            answer = {"seq": command["seq"], **ran(client, command)}
        print(json.dumps(answer), flush=True)


main()
