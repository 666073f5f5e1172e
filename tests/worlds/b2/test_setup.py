"""What `check` says of a bucket, and that `prepare` makes it right."""

from __future__ import annotations

import pytest
from b2server import B2Server, Fault, Key

from core.worlds.store.b2 import B2Store
from core.worlds.store.b2_setup import check, prepare
from core.worlds.store.port import StoreRefused
from tests.worlds.b2.bucket import ALL_THE_BOT_NEEDS, BUCKET, PREFIX, Open

DAY = 86_400


def test_a_new_bucket_wants_expiry_and_encryption(open_b2: Open, master: Key) -> None:
    wrong, said = check(open_b2(master))
    assert (wrong, len(said)) == ([], 2)
    assert "keeps what was removed for ever" in said[0]
    assert "does not encrypt" in said[1]


def test_prepare_makes_it_right_and_keeps_other_rules(server: B2Server, open_b2: Open, master: Key) -> None:
    bucket, store = server.account.bucket(BUCKET), open_b2(master)
    photos = {"fileNamePrefix": "photos/", "daysFromHidingToDeleting": 1, "daysFromUploadingToHiding": None}
    bucket.lifecycle = [photos]
    prepare(store)
    assert check(store) == ([], [])
    assert bucket.encryption == {"mode": "SSE-B2", "algorithm": "AES256"}
    assert [rule["fileNamePrefix"] for rule in bucket.lifecycle] == ["photos/", PREFIX]
    prepare(store)
    assert bucket.revision == 2


def test_a_key_that_may_not_prepare_says_so(store: B2Store) -> None:
    with pytest.raises(StoreRefused, match="lacks the capability writeBuckets, needed for setting the bucket's rules"):
        prepare(store)


def test_what_is_hidden_goes_after_thirty_days_and_not_before(server: B2Server, open_b2: Open, master: Key) -> None:
    store, now = open_b2(master), server.account.clock
    prepare(store)
    for key in ("kept", "gone"):
        store.put(key, b"")
    store.hide("gone")
    server.account.clock = lambda: now() + 29 * DAY
    server.account.run_lifecycle()
    assert len(store.versions("gone")) == 2
    server.account.clock = lambda: now() + 31 * DAY
    server.account.run_lifecycle()
    assert store.versions("gone") == ()
    assert store.get("kept") == b""


def test_rules_that_would_lose_worlds_are_named(server: B2Server, open_b2: Open, master: Key) -> None:
    server.account.bucket(BUCKET).lifecycle = [
        {"fileNamePrefix": "", "daysFromHidingToDeleting": 1, "daysFromUploadingToHiding": 30}
    ]
    said = " ".join(check(open_b2(master))[1])
    assert "hides files by age" in said
    assert "after less than 30 days" in said


def test_a_public_bucket_is_named(server: B2Server, open_b2: Open, master: Key) -> None:
    server.account.bucket(BUCKET).kind = "allPublic"
    assert any("is public" in sentence for sentence in check(open_b2(master))[1])


def test_a_key_that_makes_no_keys_says_what_that_means(store: B2Store) -> None:
    assert any("every game server's pod gets this one" in sentence for sentence in check(store)[1])


def test_an_open_ended_prefix_is_named(server: B2Server, open_b2: Open) -> None:
    store = open_b2(server.account.add_key(ALL_THE_BOT_NEEDS, bucket=BUCKET, prefix="pond"), prefix="pond")
    assert any("does not end in /" in sentence for sentence in check(store)[1])


def test_missing_rights_are_all_named_at_once(server: B2Server, open_b2: Open) -> None:
    wrong, said = check(open_b2(server.account.add_key({"listBuckets"}, bucket=BUCKET)))
    assert all(right in " ".join(wrong) for right in ("listFiles", "readFiles", "writeFiles"))
    assert "shareFiles" in " ".join(said)


def test_trouble_is_said_and_not_raised(server: B2Server, store: B2Store) -> None:
    server.faults.add(Fault("*", status=503, times=100))
    assert check(store) == (["B2 does not answer as it should: 503 artificial"], [])
