"""A game as small as can be, to try what stands around a game. `TINY_MODE` says how it behaves:

    ""             answers /status, saves on SIGTERM, exits 0
    "crash"        exits 3 before it answers
    "crash-once"   exits 3 before it answers, at its first start only
    "exit-zero"    exits 0 before it answers, at its first start only
    "silent"       never answers
    "deaf"         answers, but does not end on SIGTERM
    "ends-with-3"  answers, and exits 3 on SIGTERM

Its folder tells afterwards: `starts` has a line a start, `saved` what SIGTERM wrote, `two` exists if two ever ran.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType


class Status(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"online": 0, "max": 4}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def main() -> None:
    folder, mode = Path(os.environ["TINY_DATA"]), os.environ["TINY_MODE"]
    alone = (folder / "alone").open("w")
    try:
        fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        (folder / "two").touch()
    with (folder / "starts").open("a") as starts:
        starts.write(f"{os.getpid()}\n")
    count = len((folder / "starts").read_text().splitlines())
    print(f"start {count}", flush=True)

    def save(number: int, frame: FrameType | None) -> None:
        if mode == "deaf":
            return
        (folder / "saved").write_text(f"start {count}")
        os._exit(3 if mode == "ends-with-3" else 0)

    signal.signal(signal.SIGTERM, save)
    if mode == "crash" or (mode == "crash-once" and count == 1):
        sys.exit(3)
    if mode == "exit-zero" and count == 1:
        sys.exit(0)
    if mode != "silent":
        server = ThreadingHTTPServer((os.environ["TINY_HOST"], int(os.environ["TINY_PORT"])), Status)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    for line in sys.stdin:
        print(f"heard {line.strip()}", flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
