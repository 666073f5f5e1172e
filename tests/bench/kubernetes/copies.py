"""Copies of one server's objects put straight into etcd: ten thousand in seconds, where applying them takes a quarter
of an hour.

Ids of servers are all of one length, and so are UIDs: put in place of another, every length within the stored bytes
stays right. Keys and the gateway are etcd's (https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/) and the API
server's.
"""

from __future__ import annotations

import base64
import re
import uuid
from typing import Any

import aiohttp

from core.words import new_server_id

_FOLDERS = ("pods", "statefulsets", "persistentvolumeclaims", "services/specs", "networkpolicies")
_IN_ONE = 20  # servers in a transaction: etcd takes 128 operations
_UID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def copy(etcd: str, namespace: str, server: str, times: int) -> None:
    """`etcd` is the address of one that asks for no certificate."""
    async with aiohttp.ClientSession(etcd) as session:
        found = {}
        for folder in _FOLDERS:
            start = f"/registry/{folder}/{namespace}/".encode()
            asked = {"key": _text(start), "range_end": _text(start[:-1] + b"0")}
            for each in (await _ask(session, "range", asked))["kvs"]:
                found[base64.b64decode(each["key"])] = base64.b64decode(each["value"])
        ours = {key: value for key, value in found.items() if server.encode() in key}
        assert len(ours) == len(_FOLDERS), sorted(found)
        for first in range(0, times, _IN_ONE):
            puts = [
                _put(key, value) for _ in range(min(_IN_ONE, times - first)) for key, value in _renamed(ours, server)
            ]
            await _ask(session, "txn", {"success": [{"requestPut": put} for put in puts]})


def _renamed(objects: dict[bytes, bytes], server: str) -> list[tuple[bytes, bytes]]:
    old, new, uids = server.encode(), new_server_id().encode(), dict[bytes, bytes]()

    def fresh(uid: re.Match[bytes]) -> bytes:
        return uids.setdefault(uid[0], str(uuid.uuid4()).encode())

    return [(key.replace(old, new), _UID.sub(fresh, value.replace(old, new))) for key, value in objects.items()]


def _put(key: bytes, value: bytes) -> dict[str, str]:
    return {"key": _text(key), "value": _text(value)}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def _ask(session: aiohttp.ClientSession, what: str, asked: dict[str, Any]) -> dict[str, Any]:
    async with session.post(f"/v3/kv/{what}", json=asked) as answer:
        answer.raise_for_status()
        said: dict[str, Any] = await answer.json()
        return said
