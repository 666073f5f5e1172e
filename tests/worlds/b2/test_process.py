"""Other processes: a writer that is killed at an upload, and the server as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from b2server import B2Server, Fault, Key

from core.worlds.store.b2 import B2Store
from core.worlds.store.b2_place import B2Place
from tests.worlds.b2.bucket import BUCKET, PREFIX

ROOT = Path(__file__).parents[3]

WRITER = """
import os, sys
from core.worlds.store import open_store
store = open_store(sys.argv[1], os.environ)
for name in ("pack1", "pack2", "manifest"):
    store.put(name, name.encode())
"""


@pytest.mark.parametrize(
    ("nth", "after", "left"),
    [(0, False, []), (0, True, ["pack1"]), (2, False, ["pack1", "pack2"]), (2, True, ["manifest", "pack1", "pack2"])],
)
def test_a_writer_killed_at_an_upload_leaves_what_went_before(
    server: B2Server, store: B2Store, bot_key: Key, nth: int, after: bool, left: list[str]
) -> None:
    writer: list[subprocess.Popen[bytes]] = []
    server.faults.add(
        Fault("b2_upload_file", skip=nth, after=after, do=lambda: os.kill(writer[0].pid, signal.SIGKILL), cut=True)
    )
    environment = {
        "DORMOUSE_B2_KEY_ID": bot_key.id,
        "DORMOUSE_B2_KEY": bot_key.secret,
        "DORMOUSE_B2_REALM": server.url,
    }
    with server.lock:  # no answer before the hook knows whom to kill
        writer.append(
            subprocess.Popen(
                [sys.executable, "-c", WRITER, f"b2:{BUCKET}/{PREFIX}"], cwd=ROOT, env=os.environ | environment
            )
        )
    assert writer[0].wait(30) == -signal.SIGKILL
    assert [version.key for version in store.list()] == left


def test_the_server_runs_as_a_process_of_its_own() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "b2server", "--bucket", "ponds", "--for", "30"],
        cwd=ROOT / "tests" / "support",
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        store = B2Store(B2Place(told["bucket"], "", told["key_id"], told["key"], told["url"]))
        store.put("a", b"there")
        assert store.get("a") == b"there"
        store.close()
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


def test_b2sdk_is_imported_at_the_first_call_and_not_before() -> None:
    code = "import sys, core.worlds.store.b2_keys, core.worlds.store.b2_setup; sys.exit('b2sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
