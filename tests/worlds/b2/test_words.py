"""What an operator reads when the key, the bucket or the address is wrong; and that no secret is ever in it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

import pytest
from b2server import B2Server, Fault, Key

from core.worlds.store import StoreError, StoreRefused
from core.worlds.store.b2 import B2Store
from core.worlds.store.b2_place import B2Place
from tests.worlds.b2.bucket import ALL_THE_BOT_NEEDS, BUCKET, PREFIX, Open

KEY = "worlds/abcdefghijkl/packs/one"


def said(call: Callable[[], object]) -> str:
    with pytest.raises(StoreRefused) as refused:
        call()
    return refused.value.detail


def test_a_wrong_secret(open_b2: Open, bot_key: Key) -> None:
    bot_key.secret, store = "another", open_b2(bot_key)
    bot_key.secret = "right"
    assert "does not accept B2_KEY_ID and B2_KEY" in said(lambda: store.put(KEY, b""))


def test_a_key_that_expired_in_the_middle(server: B2Server, open_b2: Open) -> None:
    store = open_b2(server.account.add_key(ALL_THE_BOT_NEEDS, bucket=BUCKET, seconds=60))
    store.put(KEY, b"")
    now = server.account.clock
    server.account.clock = lambda: now() + 61
    assert "mistyped, deleted or expired" in said(lambda: store.put(KEY, b""))


def test_a_key_that_was_deleted_in_the_middle(server: B2Server, store: B2Store, bot_key: Key) -> None:
    store.put(KEY, b"")
    del server.account.keys[bot_key.id]
    assert "mistyped, deleted or expired" in said(lambda: store.get(KEY))


@pytest.mark.parametrize(
    ("lacking", "use", "call"),
    [
        ("writeFiles", "saving worlds", lambda store: store.put(KEY, b"")),
        ("writeFiles", "saving worlds", lambda store: store.hide(KEY)),
        ("readFiles", "restoring worlds", lambda store: store.get(KEY)),
        ("listFiles", "listing snapshots", lambda store: list(store.list())),
        ("listFiles", "listing snapshots", lambda store: store.versions(KEY)),
        ("shareFiles", "download links", lambda store: store.link(KEY, 60)),
    ],
)
def test_a_missing_capability_is_named(
    server: B2Server, open_b2: Open, lacking: str, use: str, call: Callable[[B2Store], object]
) -> None:
    server.account.store(server.account.bucket(BUCKET), PREFIX + KEY, data=b"old")
    store = open_b2(server.account.add_key(set(ALL_THE_BOT_NEEDS) - {lacking}, bucket=BUCKET))
    assert said(lambda: call(store)).startswith(f"The B2 key lacks the capability {lacking}, needed for {use}.")


def test_a_bucket_that_does_not_exist(open_b2: Open, master: Key) -> None:
    store = open_b2(master, bucket="ponds")
    assert said(lambda: list(store.list())).startswith("There is no bucket ponds in this B2 account.")


def test_a_bucket_that_was_made_anew_is_found(server: B2Server, open_b2: Open, master: Key) -> None:
    store = open_b2(master)
    store.put(KEY, b"")
    server.account.buckets.clear()
    assert "There is no bucket" in said(lambda: list(store.list()))
    server.account.add_bucket(BUCKET)
    store.put(KEY, b"")


def test_a_key_for_another_bucket(server: B2Server, open_b2: Open) -> None:
    server.account.add_bucket("photos")
    store = open_b2(server.account.add_key(bucket="photos"))
    assert said(lambda: list(store.list())).startswith(
        f"The B2 key is restricted to bucket photos, but STORE names {BUCKET}."
    )


def test_a_key_whose_bucket_is_gone(server: B2Server, store: B2Store) -> None:
    server.account.buckets.clear()
    assert "a bucket that does not exist any more" in said(lambda: list(store.list()))


def test_an_unrestricted_key_that_may_not_find_the_bucket(server: B2Server, open_b2: Open) -> None:
    store = open_b2(server.account.add_key({"listFiles"}))
    assert "lacks the capability listBuckets, needed for finding the bucket" in said(lambda: list(store.list()))


def test_a_key_for_another_prefix(open_b2: Open, bot_key: Key) -> None:
    store = open_b2(bot_key, prefix="lake")
    for call in (lambda: store.put(KEY, b""), lambda: store.get(KEY), lambda: list(store.list())):
        assert "restricted to names that begin with pond/, and lake/" in said(call)


def test_a_prefix_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="prefix in STORE may hold letters"):
        B2Place.parse("b2:bucket/with blanks", "id", "key")


def test_an_address_that_is_something_else(server: B2Server) -> None:
    store = B2Store(B2Place(BUCKET, "", "id", "key", server.url + "/else"))
    assert said(lambda: list(store.list())).startswith("B2_REALM is not an address of the B2 native API.")


def test_an_account_that_is_not_open_yet(server: B2Server, store: B2Store) -> None:
    server.faults.add(Fault("b2_get_upload_url", status=401, code="no_payment_history"))
    assert "verify its e-mail address and payment" in said(lambda: store.put(KEY, b""))


def test_a_clock_that_is_wrong(server: B2Server, store: B2Store) -> None:
    server.skew = 3600
    assert "clock differs from B2's" in said(lambda: store.get(KEY))


def test_what_nobody_foresaw_is_refused_and_quoted(server: B2Server, store: B2Store) -> None:
    server.faults.add(Fault("b2_hide_file", status=400, code="teapot", message="short and stout"))
    with pytest.warns(UserWarning, match="teapot"):
        assert "short and stout (teapot)" in said(lambda: store.hide(KEY))


@pytest.mark.parametrize(
    "fault",
    [
        Fault("b2_upload_file", status=400, code="auth_token_limit", times=100),
        Fault("b2_upload_file", status=401, code="unauthorized"),
        Fault("b2_upload_file", status=500, times=100),
        Fault("b2_upload_file", cut=True, times=100),
        Fault("b2_authorize_account", status=401, code="unauthorized"),
        Fault("b2_get_upload_url", status=418, code="unheard_of"),
    ],
    ids=lambda fault: f"{fault.on}-{fault.status}",
)
def test_no_secret_is_in_an_error_a_log_or_a_repr(
    server: B2Server, store: B2Store, bot_key: Key, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    caplog.set_level(logging.DEBUG)
    list(store.list())
    if fault.code == "auth_token_limit":
        (token,) = server.account.tokens
        fault.message = f"more than one upload using auth token {token}"
    if fault.on == "b2_authorize_account":
        server.account.expire_tokens()
    server.faults.add(fault)
    with pytest.raises(StoreError) as failed:
        store.put(KEY, b"")
    text = "".join(traceback.format_exception(failed.value)) + caplog.text + repr(store) + repr(store.place)
    assert "B2" in text
    for secret in (bot_key.secret, *server.account.tokens):
        assert secret not in text
