"""HTTP in front of the account: a thread a connection, uploads and downloads, faults, and a list of what was asked."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import json
import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote_plus, urlsplit

from b2server.account import Account, Bucket, Key, Refusal, Token, Version
from b2server.api import OPERATIONS, authorize, described, need
from b2server.faults import Fault, Faults

API = "/b2api/v4/"
BY_NAME, BY_ID = "b2_download_file_by_name", "b2_download_file_by_id"
PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, noted before its answer goes out; status 0: it got none."""

    operation: str
    name: str  # the file's, where there is one
    status: int


class B2Server:
    """Serves one `Account` at `url`, from `start` (or `with`) until `stop`."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, account: Account | None = None) -> None:
        self.account = account or Account()
        self.faults = Faults()
        self.seen: list[Seen] = []
        self.skew = 0.0  # seconds by which the server's clock, as its answers tell it, is ahead
        self.lock = threading.RLock()
        self._connections: set[socket.socket] = set()
        self._http = _Http((host, port), _Handler)
        self._http.b2 = self
        self.url = f"http://{host}:{self._http.server_address[1]}"

    def start(self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop answering: open connections are cut, the port is closed."""
        self._http.shutdown()
        self._http.server_close()
        with self.lock:
            for connection in self._connections:
                _cut(connection)

    def calls(self, operation: str) -> int:
        """How often an operation was asked for, whatever came of it."""
        with self.lock:
            return sum(seen.operation == operation for seen in self.seen)

    def opened(self, connection: socket.socket) -> None:
        with self.lock:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self.lock:
            self._connections.discard(connection)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    b2: B2Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what half of the tests are about: no traceback."""


class _Cut(Exception):
    """Close the connection without (the rest of) an answer."""


@dataclass(slots=True)
class _Reply:
    status: int
    headers: dict[str, str]
    body: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = PIECE
    server: _Http
    name = ""

    def setup(self) -> None:
        super().setup()
        self.server.b2.opened(self.connection)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.server.b2.closed(self.connection)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: `B2Server.seen` is the log."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(time.time() + self.server.b2.skew if timestamp is None else timestamp)

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        operation, self.name = _operation(parts.path), ""
        fault = self.server.b2.faults.take(operation)
        try:
            reply = self._reply(operation, parts.path, parts.query, fault)
            self._saw(operation, reply.status)
            self._send(reply, fault)
        except _Cut:
            self._saw(operation, 0)
            self._hang_up()
        except OSError:  # the client has gone
            self._hang_up()

    def _reply(self, operation: str, path: str, query: str, fault: Fault | None) -> _Reply:
        body = self._body(fault)
        if fault is None:
            return self._answer(operation, path, query, body)
        time.sleep(fault.delay)
        if fault.after:
            reply = self._answer(operation, path, query, body)
            return self._fail(fault) or reply
        return self._fail(fault) or self._answer(operation, path, query, body)

    def _saw(self, operation: str, status: int) -> None:
        with self.server.b2.lock:
            self.server.b2.seen.append(Seen(operation, self.name, status))

    def _hang_up(self) -> None:
        self.close_connection = True
        _cut(self.connection)

    def _answer(self, operation: str, path: str, query: str, body: bytes) -> _Reply:
        b2 = self.server.b2
        try:
            with b2.lock:
                token = self.headers.get("Authorization")
                parameters = {name: values[0] for name, values in parse_qs(query).items()}
                if operation in (BY_NAME, BY_ID):
                    return self._download(operation, path, parameters, token)
                return _json(200, self._call(operation, path, parameters, token, body))
        except Refusal as refusal:
            return _error(refusal.status, refusal.code, refusal.message)
        except (KeyError, TypeError, ValueError) as error:
            return _error(400, "bad_request", f"{type(error).__name__}: {error}")

    def _call(self, operation: str, path: str, query: dict[str, str], token: str | None, body: bytes) -> dict[str, Any]:
        b2 = self.server.b2
        if not path.startswith(API):
            raise Refusal(404, "no_such_path", "There is no API here")
        if operation == "b2_authorize_account":
            return authorize(b2.account, b2.account.login(*_basic(token)), b2.url)
        key, known = b2.account.check(token)
        if operation == "b2_upload_file":
            return self._upload(key, known, path, body)
        if operation == "b2_upload_part":
            return self._upload_part(known, path, body)
        if known.bucket is not None:
            raise Refusal(401, "bad_auth_token", "Not a token of the account")
        if operation not in OPERATIONS:
            raise Refusal(404, "not_found", "no such operation")
        request = {**query, **(json.loads(body) if body else {})}
        self.name = str(request.get("fileName") or request.get("prefix") or "")
        return OPERATIONS[operation](b2.account, key, request, b2.url)

    def _upload(self, key: Key, token: Token, path: str, body: bytes) -> dict[str, Any]:
        account = self.server.b2.account
        bucket = account.buckets[path.rsplit("/", 1)[-1]]
        self.name = unquote_plus(self.headers["X-Bz-File-Name"])
        if token.bucket != bucket.id or token.large or token.prefix is not None:
            raise Refusal(401, "bad_auth_token", "Not a token of this upload URL")
        need(key, "writeFiles", bucket.id, self.name)
        body, _ = self._checked(body)
        info = {
            name[len("X-Bz-Info-") :].lower(): unquote_plus(value)
            for name, value in self.headers.items()
            if name.lower().startswith("x-bz-info-")
        }
        kind = self.headers["Content-Type"].replace("b2/x-auto", "application/octet-stream")
        version = account.store(bucket, self.name, data=body, content_type=kind, info=info)
        return described(account, bucket, version)

    def _upload_part(self, token: Token, path: str, body: bytes) -> dict[str, Any]:
        large = self.server.b2.account.large.get(path.rsplit("/", 1)[-1])
        if large is None or token.large != large.id:
            raise Refusal(401, "bad_auth_token", "Not a token of this upload URL")
        self.name = large.name
        body, sha1 = self._checked(body)
        number = int(self.headers["X-Bz-Part-Number"])
        large.parts[number] = body
        return {"fileId": large.id, "partNumber": number, "contentLength": len(body), "contentSha1": sha1}

    def _checked(self, body: bytes) -> tuple[bytes, str]:
        sha1 = self.headers["X-Bz-Content-Sha1"]
        if sha1 == "hex_digits_at_end":
            body, sha1 = body[:-40], body[-40:].decode("ascii")
        if sha1 != "do_not_verify" and hashlib.sha1(body, usedforsecurity=False).hexdigest() != sha1:
            raise Refusal(400, "bad_request", "Checksum did not match data received")
        return body, sha1

    def _download(self, operation: str, path: str, query: dict[str, str], token: str | None) -> _Reply:
        account = self.server.b2.account
        key, known = account.check(token or query.get("Authorization"))
        if operation == BY_ID:
            found = account.find(query["fileId"])
            if found is None:
                raise Refusal(404, "not_found", "File not found")
            bucket, version = found
            self.name = version.name
        else:
            bucket, self.name = self._named(path)
        if known.bucket is None:
            need(key, "readFiles", bucket.id, self.name)
        elif known.bucket != bucket.id or known.prefix is None or not self.name.startswith(known.prefix):
            raise Refusal(401, "unauthorized", "unauthorized")
        if operation == BY_NAME:
            visible = bucket.visible(self.name)
            if visible is None:
                raise Refusal(404, "not_found", f"File with such name does not exist: {self.name}")
            version = visible
        return _content(version, self.headers.get("Range"))

    def _named(self, path: str) -> tuple[Bucket, str]:
        bucket_name, _, name = path.removeprefix("/file/").partition("/")
        for bucket in self.server.b2.account.buckets.values():
            if bucket.name == bucket_name:
                return bucket, unquote_plus(name)
        raise Refusal(404, "not_found", "Bucket does not exist")

    def _fail(self, fault: Fault) -> _Reply | None:
        if fault.do:
            fault.do()
        if fault.cut:
            raise _Cut
        if not fault.status:
            return None
        reply = _error(fault.status, fault.code, fault.message)
        if fault.html:
            reply = _Reply(fault.status, {"Content-Type": "text/html"}, fault.html.encode())
        if fault.retry_after is not None:
            reply.headers["Retry-After"] = fault.retry_after
        return reply

    def _body(self, fault: Fault | None) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        if fault and fault.received is not None and fault.received < length:
            self.rfile.read(fault.received)
            raise _Cut
        body = self._slowly(length, fault.rate) if fault and fault.rate else self.rfile.read(length)
        if len(body) != length:
            raise _Cut
        return body

    def _slowly(self, length: int, rate: int) -> bytes:
        body = bytearray()
        while len(body) < length and (piece := self.rfile.read(min(max(1, rate // 20), length - len(body)))):
            body += piece
            time.sleep(len(piece) / rate)
        return bytes(body)

    def _send(self, reply: _Reply, fault: Fault | None) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        end = len(reply.body) if fault is None or fault.sent is None else fault.sent
        rate = fault.rate if fault else None
        piece = PIECE if rate is None else max(1, rate // 20)
        for start in range(0, end, piece):
            self.wfile.write(memoryview(reply.body)[start : min(start + piece, end)])
            if rate:
                self.wfile.flush()
                time.sleep(piece / rate)
        self.wfile.flush()
        if end < len(reply.body):
            self._hang_up()


def _operation(path: str) -> str:
    if path.startswith("/file/"):
        return BY_NAME
    return path.removeprefix(API).split("/", 1)[0] if path.startswith(API) else path


def _basic(header: str | None) -> tuple[str, str]:
    try:
        key_id, _, secret = (
            base64.b64decode((header or "").removeprefix("Basic "), validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal(401, "unauthorized", "no key") from None
    return key_id, secret


def _content(version: Version, asked: str | None) -> _Reply:
    if version.action != "upload":
        raise Refusal(404, "not_found", "File not found")
    headers = {
        "Content-Type": version.content_type,
        "Accept-Ranges": "bytes",
        "X-Bz-File-Id": version.id,
        "X-Bz-File-Name": quote(version.name),
        "X-Bz-Content-Sha1": version.sha1,
        "X-Bz-Upload-Timestamp": str(version.at),
        **{f"X-Bz-Info-{name}": quote(value) for name, value in version.info.items()},
    }
    if asked is None:
        return _Reply(200, headers, version.data)
    size = len(version.data)
    first, _, last = asked.removeprefix("bytes=").partition("-")
    start, end = int(first), min(int(last) if last else size - 1, size - 1)
    if start >= size:
        raise Refusal(416, "range_not_satisfiable", "The Range header is outside of the size of the file")
    return _Reply(206, {**headers, "Content-Range": f"bytes {start}-{end}/{size}"}, version.data[start : end + 1])


def _json(status: int, content: dict[str, Any]) -> _Reply:
    return _Reply(status, {"Content-Type": "application/json;charset=utf-8"}, json.dumps(content).encode())


def _error(status: int, code: str, message: str) -> _Reply:
    return _json(status, {"status": status, "code": code, "message": message})


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was faster
        connection.shutdown(socket.SHUT_RDWR)
