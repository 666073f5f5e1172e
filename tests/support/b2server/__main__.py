"""`python -m b2server [--host H] [--port N] [--bucket NAME] [--prefix P] [--for SECONDS]`, run in tests/support.

Prints one line of JSON, `{"url", "bucket", "key_id", "key", "master_id", "master_key"}`, and serves until its standard
input ends, a signal comes or the time is over. `key` is restricted to bucket and prefix, `master` may make keys.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading

from b2server import B2Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="b2server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--bucket", default="worlds")
    parser.add_argument("--prefix", default="")
    parser.add_argument("--for", type=float, default=600, dest="seconds", help="at most so many seconds")
    asked = parser.parse_args()
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with B2Server(asked.host, asked.port) as server:
        server.account.add_bucket(asked.bucket)
        key = server.account.add_key(bucket=asked.bucket, prefix=asked.prefix or None)
        master = server.account.add_key()
        line = {
            "url": server.url,
            "bucket": asked.bucket,
            "key_id": key.id,
            "key": key.secret,
            "master_id": master.id,
            "master_key": master.secret,
        }
        print(json.dumps(line), flush=True)
        threading.Thread(target=_until_input_ends, args=(over,), daemon=True).start()
        over.wait(asked.seconds)


def _until_input_ends(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


if __name__ == "__main__":
    main()
