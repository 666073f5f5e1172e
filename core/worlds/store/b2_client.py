"""One connection to B2 through b2sdk, and all of its patience: the only module that imports b2sdk (40 MiB, so late).

b2sdk retries some calls without a bound on the server's Retry-After, uploads without any pause, and a 429 on upload not
at all. Here its own retries are off, and `Client.run` is the one place that repeats: bounded in tries and in seconds,
jittered, with Retry-After honoured. What is repeated follows Backblaze's "Integration Checklist": 401 with an old
token, 408, 429, 5xx, and connections that break or stall; after an upload's failure with a new upload URL.
"""

from __future__ import annotations

import io
import json
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, unquote_plus

import requests
from b2sdk.v3 import (  # type: ignore[import-untyped]
    AuthInfoCache,
    B2Http,
    B2HttpApiConfig,
    B2Session,
    InMemoryAccountInfo,
)
from b2sdk.v3 import exception as b2
from urllib3.exceptions import HTTPError, ReadTimeoutError

from core.worlds.store.b2_place import B2Place, Patience
from core.worlds.store.b2_words import (
    AlreadyHidden,
    BrokenTransfer,
    Missing,
    PastTheEnd,
    Restrictions,
    WrongKey,
    no_such_bucket,
    other_bucket,
    refusal,
)
from core.worlds.store.port import StoreAway

# At DEBUG b2sdk traces arguments and results, tokens among them; what it logs as an error is raised by `run`.
logging.getLogger("b2sdk").setLevel(logging.CRITICAL)

TROUBLE = (
    *(b2.B2Error, WrongKey, BrokenTransfer),
    *(requests.RequestException, HTTPError, OSError),
    *(json.JSONDecodeError, UnicodeDecodeError),  # an answer that something on the way made
)
UNNAMED = ("RequestTimeout", "UploadTokenUsedConcurrently")
"""Errors that pass and that b2sdk.v3 raises without exporting them."""

HINTS = {
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not one that this machine trusts",
    "NameResolution": "its name is not found (DNS)",
    "Connection refused": "the connection is refused",
    "unreachable": "there is no way to it",
    "Connection aborted": "the connection is cut",
    "Connection broken": "the connection is cut",
    "IncompleteRead": "the connection is cut",
}
"""What HTTP clients say of a connection that failed, and what we say."""

T = TypeVar("T")
Bytes = bytes | bytearray | memoryview


class _Reader(io.RawIOBase):
    """Bytes as a file, without a copy of them: packs are large, and several are under way."""

    def __init__(self, data: Bytes) -> None:
        self._data = memoryview(data)
        self._at = 0

    @classmethod
    def over(cls, data: Bytes) -> io.BufferedReader:
        return io.BufferedReader(cls(data))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        piece = self._data[self._at : self._at + len(into)]
        into[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._data)}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at


@dataclass(frozen=True, slots=True)
class Connection:
    """An authorized session, the bucket (id and name), and what the key may do."""

    session: Any
    bucket: str
    bucket_name: str
    restrictions: Restrictions

    @property
    def account(self) -> str:
        return str(self.session.account_info.get_account_id())

    def upload(self, name: str, body: Bytes, sha1: str) -> Any:
        """B2's answer. The upload URL of a failure, and all others in stock, are not used again."""
        try:
            return self.session.upload_file(
                self.bucket, name, len(body), "application/octet-stream", sha1, {}, _Reader.over(body)
            )
        except Exception as error:
            self.session.account_info.clear_bucket_upload_data(self.bucket)
            raise _damaged(error) from None

    def upload_part(self, file_id: str, number: int, part: Bytes, sha1: str) -> None:
        try:
            self.session.upload_part(file_id, number, len(part), sha1, _Reader.over(part))
        except Exception as error:
            self.session.account_info.clear_large_file_upload_urls(file_id)
            raise _damaged(error) from None

    def finish(self, file_id: str, digests: list[str]) -> Any:
        try:
            return self.session.finish_large_file(file_id, digests)
        except b2.BadRequest as refused:
            # It is finished already if an earlier try was cut after it took effect.
            try:
                found = self.session.get_file_info_by_id(file_id)
            except b2.FileNotPresent:
                raise refused from None
            if found["action"] != "upload":
                raise
            return found

    def read(self, name: str, wanted: tuple[int, int] | None) -> bytes:
        return self._read(self.session.get_download_url_by_name(self.bucket_name, name), name, wanted)

    def read_version(self, name: str, version: str, wanted: tuple[int, int] | None) -> bytes:
        try:
            return self._read(self.session.get_download_url_by_id(quote(version, safe="")), name, wanted)
        except b2.BadRequest:  # what B2 says of an id that never was
            raise Missing from None

    def _read(self, url: str, name: str, wanted: tuple[int, int] | None) -> bytes:
        with self.session.download_file_from_url(url, wanted) as response:
            try:
                if "X-Bz-File-Name" not in response.headers:
                    raise BrokenTransfer("an answer that is not B2's")
                if unquote_plus(response.headers["X-Bz-File-Name"]) != name:
                    raise Missing
                if wanted is not None and response.status_code != 206:
                    raise BrokenTransfer("a range was asked for and not given")
                body: bytes = response.raw.read(decode_content=False)  # whole: pieces and their sum would be twice
                if len(body) != int(response.headers.get("Content-Length", -1)):
                    raise BrokenTransfer("the download broke off")
                return body
            finally:
                response.close()


class Client:
    """Connects at the first call, and again when a token has expired. Safe to use from several threads."""

    def __init__(self, place: B2Place, patience: Patience, sleep: Callable[[float], None] = time.sleep) -> None:
        self._place = place
        self._patience = patience
        self._sleep = sleep
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def restrictions(self) -> Restrictions:
        """What the key may do; raises as `run`."""
        return self.run("", lambda at: at.restrictions)

    def run(self, capability: str, action: Callable[[Connection], T], name: str = "") -> T:
        """`action`'s result, repeated over passing trouble. It needs `capability`; `name` is the file's full name.

        Raises `StoreAway` once patience is over, `StoreRefused` with words for the operator, and at once `Missing`,
        `AlreadyHidden`, `PastTheEnd` and what `action` itself raises of `StoreError`.
        """
        waited, tries, began = 0.0, 0, time.monotonic()
        while True:
            tries += 1
            try:
                return action(self._connected())
            except b2.FileNotPresent:
                raise Missing from None
            except b2.FileAlreadyHidden:
                raise AlreadyHidden from None
            except b2.UnsatisfiableRange:
                raise PastTheEnd from None
            except TROUBLE as error:
                if not _passes(error):
                    raise refusal(error, self._place, capability, self._forget(), name) from None
                wish = getattr(error, "retry_after_seconds", None)
                wait = self._pause(tries, wish)
                over = (
                    tries >= self._patience.tries
                    or waited + wait > self._patience.waiting
                    or time.monotonic() - began > self._patience.overall
                )
                if over:
                    raise StoreAway(f"B2 does not answer as it should: {_short(error)}", retry_after=wish) from None
            self._sleep(wait)
            waited += wait

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.session.raw_api.b2_http.session.close()
                self._connection = None

    def _forget(self) -> Restrictions | None:
        """Connect anew at the next call: a key or a bucket may have been replaced. What the key was allowed."""
        with self._lock:
            allowed = self._connection.restrictions if self._connection else None
            self._connection = None
            return allowed

    def _pause(self, tries: int, wish: float | None) -> float:
        grown = min(self._patience.first * 2.0 ** (tries - 1), self._patience.longest)
        jittered = grown * random.uniform(0.5, 1.0)
        # Many that were told the same second must not come back in it together.
        return jittered if wish is None else wish + jittered * 0.5

    def _connected(self) -> Connection:
        with self._lock:
            if self._connection is None:
                self._connection = self._connect()
            return self._connection

    def _connect(self) -> Connection:
        account = InMemoryAccountInfo()
        config = B2HttpApiConfig(user_agent_append="dormouse")
        session = _Session(account, cache=AuthInfoCache(account), api_config=config)
        session.raw_api.b2_http.patience = self._patience
        session.authorize_account(self._place.realm, self._place.key_id, self._place.key)
        allowed = account.get_allowed()
        restrictions = Restrictions(
            frozenset(allowed["capabilities"]),
            {each["name"]: each["id"] for each in allowed["buckets"] or () if each["name"]},
            allowed["namePrefix"] or "",
            restricted=allowed["buckets"] is not None,
        )
        return Connection(session, self._bucket(session, restrictions), self._place.bucket, restrictions)

    def _bucket(self, session: Any, restrictions: Restrictions) -> str:
        wanted = self._place.bucket
        if restrictions.restricted:
            if wanted not in restrictions.buckets:
                raise other_bucket(self._place, restrictions)
            return restrictions.buckets[wanted]
        try:
            found = session.list_buckets(session.account_info.get_account_id(), bucket_name=wanted)["buckets"]
        except b2.Unauthorized as error:
            if isinstance(error, b2.InvalidAuthToken):
                raise
            raise refusal(error, self._place, "listBuckets", restrictions, "") from None
        if not found:
            raise no_such_bucket(self._place)
        return str(found[0]["bucketId"])


def _damaged(error: Exception) -> Exception:
    """B2 says a checksum that does not match is a bad request; it is the way there that was bad."""
    if isinstance(error, b2.BadRequest) and "did not match" in str(error):
        return BrokenTransfer("the upload arrived damaged")
    return error


def _passes(error: Exception) -> bool:
    """Whether the same call may succeed a moment later."""
    if isinstance(error, b2.Unauthorized):
        return isinstance(error, b2.InvalidAuthToken)
    if isinstance(error, b2.B2Error):
        if isinstance(error, b2.UnknownError):
            # Either a status that b2sdk does not know, or an exception of its HTTP client that it does not.
            return not str(error.args[0])[:1].isdigit()
        if isinstance(error, b2.UnknownHost) or type(error).__name__ in UNNAMED:
            return True
        return bool(error.should_retry_http() or error.should_retry_upload())
    return not isinstance(error, WrongKey)


def _short(error: Exception) -> str:
    """What happened, without what a URL or b2sdk's own message may carry."""
    if isinstance(error, b2.TooManyRequests):
        return "429, too many requests"
    if isinstance(error, b2.ServiceError) or type(error).__name__ == "RequestTimeout":
        return str(error)[:120].strip()
    if isinstance(error, b2.B2RequestTimeout | requests.Timeout | ReadTimeoutError):
        return "no answer in time"
    if isinstance(error, b2.InvalidAuthToken):
        return "it refuses tokens that it has just given"
    if isinstance(error, BrokenTransfer):
        return str(error)
    text = str(error)
    return next((words for hint, words in HINTS.items() if hint in text), f"no proper answer ({type(error).__name__})")


class _OnceHttp(B2Http):  # type: ignore[misc]
    """b2sdk's HTTP with one try a call, and with our time limits."""

    patience: Patience

    def request(
        self,
        method: str,
        url: str,
        headers: Any,
        data: Any = None,
        try_count: int = 1,
        params: Any = None,
        **named: Any,
    ) -> Any:
        self.CONNECTION_TIMEOUT, named["_timeout"] = self.patience.connect, self.patience.read
        return super().request(method, url, headers, data, 1, params, **named)


class _Session(B2Session):  # type: ignore[misc]
    B2HTTP_CLASS = staticmethod(_OnceHttp)

    def authorize_account(self, realm: str, application_key_id: str, application_key: str) -> None:
        """Also called by b2sdk when a token has expired. A 401 here is about the key, everywhere else about a right."""
        try:
            super().authorize_account(realm, application_key_id, application_key)
        except b2.Unauthorized as error:
            raise WrongKey(error.code) from None
        except b2.FileNotPresent:  # how b2sdk reads any 404
            raise b2.ResourceNotFound from None
