#!/usr/bin/env python3
"""Has a card issued by `terminalhost service`: Python's standard library alone. SERVICE.md has all requests and events.

usage: pos.py PLACE TOKEN_FILE REFERENCE [OPERATOR]

PLACE is the service's port on this machine, or the path of its socket. The customer's code comes from standard input.
Exit codes: 0 the card is issued, 1 it is not, or nobody is there; 2 the usage is wrong, or the service does not let this
program in, does not take the request, or ends.
"""
import json
import socket
import sys


class Counter:
    """The counter, at the end of its service's line."""

    def __init__(self, place, token):
        if place.isdigit():
            self._socket = socket.create_connection(("127.0.0.1", int(place)))
        else:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(place)
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self.ask("hello", token=token)

    def ask(self, what, **fields):
        """Sends a request."""
        self._socket.sendall(json.dumps({"do": what, **fields}).encode() + b"\n")

    def events(self):
        """What the service tells, as it happens."""
        for line in self._lines:
            yield json.loads(line)


def read_token(path):
    """The service's token: text, or this is not its file."""
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except (OSError, ValueError) as fault:
        print(f"The token can't be read from {path}: {fault}", file=sys.stderr)
        sys.exit(2)


def main(place, token_file, reference, operator=None):
    counter = Counter(place, read_token(token_file))
    request = {"reference": reference, "code": sys.stdin.readline().strip()}
    if operator:
        request["operator"] = operator
    issue = None
    for event in counter.events():
        kind = event["event"]
        if kind == "hello":
            counter.ask("issue", **request)
        elif kind == "accepted":
            issue = event["issue"]
        elif kind == "progress":
            step = event["step"]
            print(f"{step['step']:4} {step['text']}", flush=True)
        elif kind == "outcome" and event["issue"] == issue:
            outcome = event["outcome"]
            print(outcome["receipt"] if outcome["ok"] else f"reason {outcome['reason']}: {outcome['text']}")
            return 0 if outcome["ok"] else 1
        elif kind == "error":
            print(f"{event['code']}: {event['text']}", file=sys.stderr)
            return 2
    print("The service has closed the line. Ask for the card again when it is back: it goes on with the same card, "
          "or says that it is issued (reason 204).", file=sys.stderr)
    return 2


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    try:
        sys.exit(main(*sys.argv[1:]))
    except OSError as fault:
        sys.exit(f"The service can't be reached: {fault}")
