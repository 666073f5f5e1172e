"""B2 in trouble: what passes by itself, what is said when it does not, and what a cut connection leaves behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from b2server import B2Server, Fault, Key, cap_reached

from core.worlds.store import b2
from core.worlds.store.b2 import B2Store
from core.worlds.store.b2_place import Patience
from core.worlds.store.port import StoreAway, StoreError, StoreRefused
from tests.worlds.b2.bucket import BUCKET, PREFIX, Open

KEY = "worlds/abcdefghijkl/packs/one"

UPLOAD, DOWNLOAD, HIDE = "b2_upload_file", "b2_download_file_by_name", "b2_hide_file"

CALLS: dict[str, Callable[[B2Store], object]] = {
    UPLOAD: lambda store: store.put(KEY, b"new"),
    DOWNLOAD: lambda store: store.get(KEY),
    "b2_list_file_names": lambda store: list(store.list()),
    "b2_list_file_versions": lambda store: store.versions(KEY),
    HIDE: lambda store: store.hide(KEY),
    "b2_get_download_authorization": lambda store: store.link(KEY, 60),
    "b2_authorize_account": lambda store: list(store.list()),
    "b2_get_upload_url": lambda store: store.put(KEY, b"new"),
}

PASSING: dict[str, Callable[[str], Fault]] = {
    "an answer of something on the way": lambda on: Fault(on, status=502, code="bad_gateway"),
    "408": lambda on: Fault(on, status=408, code="request_timeout"),
    "429": lambda on: Fault(on, status=429, code="too_many_requests"),
    "429 with Retry-After": lambda on: Fault(on, status=429, code="too_many_requests", retry_after="2"),
    "500": lambda on: Fault(on, status=500, code="internal_error"),
    "503": lambda on: Fault(on, status=503, code="service_unavailable"),
    "503 with Retry-After": lambda on: Fault(on, status=503, code="service_unavailable", retry_after="2"),
    "503 after the effect": lambda on: Fault(on, status=503, code="service_unavailable", after=True),
    "a cut": lambda on: Fault(on, cut=True),
    "a cut after the effect": lambda on: Fault(on, cut=True, after=True),
    "a cut in the answer": lambda on: Fault(on, sent=2),
}


@pytest.fixture
def filled(server: B2Server) -> None:
    server.account.store(server.account.bucket(BUCKET), PREFIX + KEY, data=b"old")


@pytest.mark.usefixtures("filled")
class TestWhatPasses:
    @pytest.mark.parametrize("trouble", PASSING)
    @pytest.mark.parametrize("on", CALLS)
    def test_a_failure_is_sat_out(self, server: B2Server, store: B2Store, on: str, trouble: str) -> None:
        server.faults.add(PASSING[trouble](on))
        assert CALLS[on](store)
        assert not server.faults.waiting

    @pytest.mark.parametrize("on", CALLS)
    def test_so_are_three_in_a_row(self, server: B2Server, store: B2Store, waits: list[float], on: str) -> None:
        server.faults.add(Fault(on, status=503, times=3))
        assert CALLS[on](store)
        assert len(waits) == 3
        assert waits == sorted(waits)

    def test_tokens_of_yesterday_are_renewed(self, server: B2Server, store: B2Store, waits: list[float]) -> None:
        store.put(KEY, b"yesterday")
        server.account.expire_tokens()
        store.put(KEY, b"today")
        server.account.expire_tokens()
        assert store.get(KEY) == b"today"
        assert sum(waits) < 2

    def test_an_upload_that_failed_gets_another_url(self, server: B2Server, store: B2Store) -> None:
        server.faults.add(Fault(UPLOAD, status=503))
        store.put(KEY, b"new")
        assert server.calls("b2_get_upload_url") == 2

    def test_an_upload_cut_in_the_middle_is_sent_again(self, server: B2Server, store: B2Store) -> None:
        server.faults.add(Fault(UPLOAD, received=100_000))
        store.put(KEY, b"x" * 4_000_000)
        assert store.get(KEY) == b"x" * 4_000_000

    def test_an_upload_that_arrived_damaged_is_sent_again(self, server: B2Server, store: B2Store) -> None:
        server.faults.add(Fault(UPLOAD, status=400, code="bad_request", message="Checksum did not match data received"))
        store.put(KEY, b"new")
        assert store.get(KEY) == b"new"

    def test_a_slow_transfer_is_waited_for(self, server: B2Server, open_b2: Open, bot_key: Key) -> None:
        store = open_b2(bot_key, patience=Patience(read=0.5))
        store.put(KEY, b"x" * 100_000)
        server.faults.add(Fault(DOWNLOAD, rate=200_000))
        assert store.get(KEY) == b"x" * 100_000

    def test_an_upload_may_take_longer_than_a_connection(self, server: B2Server, open_b2: Open, bot_key: Key) -> None:
        store = open_b2(bot_key, patience=Patience(tries=1, connect=0.4))
        server.faults.add(Fault(UPLOAD, rate=16_000_000))
        store.put(KEY, bytes(16_000_000))
        assert len(store.get(KEY)) == 16_000_000

    @pytest.mark.parametrize("on", CALLS)
    def test_an_answer_that_something_on_the_way_made(self, server: B2Server, store: B2Store, on: str) -> None:
        server.faults.add(Fault(on, status=200, html="<html>Please sign in</html>"))
        assert CALLS[on](store)

    def test_a_download_cut_in_the_middle_is_asked_for_again(self, server: B2Server, store: B2Store) -> None:
        store.put(KEY, b"x" * 1_000_000)
        server.faults.add(Fault(DOWNLOAD, sent=700_000))
        assert store.get(KEY, 10, 999_000) == b"x" * 999_000


@pytest.mark.usefixtures("filled")
class TestWhatACutLeaves:
    def test_a_put_cut_before_it_took_effect_is_there_once(self, server: B2Server, store: B2Store) -> None:
        server.faults.add(Fault(UPLOAD, cut=True))
        put = store.put(KEY, b"new")
        assert [version.size for version in store.versions(KEY)] == [3, 3]
        assert store.versions(KEY)[0] == put

    def test_a_put_cut_after_it_took_effect_is_there_twice(self, server: B2Server, store: B2Store) -> None:
        server.faults.add(Fault(UPLOAD, cut=True, after=True))
        put = store.put(KEY, b"new")
        assert [store.get(KEY, version=each.id) for each in store.versions(KEY)] == [b"new", b"new", b"old"]
        assert store.versions(KEY)[0] == put

    def test_a_hide_cut_after_it_took_effect_gives_its_marker(self, server: B2Server, store: B2Store) -> None:
        server.faults.add(Fault(HIDE, cut=True, after=True))
        marker = store.hide(KEY)
        assert [version.hidden for version in store.versions(KEY)] == [True, False]
        assert store.versions(KEY)[0] == marker

    def test_a_marker_of_another_day_is_not_taken_for_ones_own(self, server: B2Server, store: B2Store) -> None:
        bucket = server.account.bucket(BUCKET)
        server.account.store(bucket, PREFIX + "a", data=b"")
        server.account.store(bucket, PREFIX + "a", "hide").at -= 300_000
        server.faults.add(Fault(HIDE, cut=True))
        assert store.hide("a") is None


@pytest.mark.usefixtures("filled")
class TestWhatDoesNotPass:
    @pytest.mark.parametrize("on", CALLS)
    def test_patience_ends(self, server: B2Server, store: B2Store, waits: list[float], on: str) -> None:
        server.faults.add(Fault(on, status=503, code="service_unavailable", times=100))
        with pytest.raises(StoreAway, match="B2 does not answer as it should: 503 service_unavailable"):
            CALLS[on](store)
        assert server.calls(on) == Patience().tries
        assert sum(waits) <= Patience().waiting

    @pytest.mark.parametrize("on", CALLS)
    def test_retry_after_is_waited_for(self, server: B2Server, store: B2Store, waits: list[float], on: str) -> None:
        server.faults.add(Fault(on, status=429, retry_after="7"))
        assert CALLS[on](store)
        assert 7 <= waits[0] < 8

    @pytest.mark.parametrize("on", CALLS)
    def test_a_long_retry_after_is_handed_on(
        self, server: B2Server, store: B2Store, waits: list[float], on: str
    ) -> None:
        server.faults.add(Fault(on, status=429, retry_after="3600", times=100))
        with pytest.raises(StoreAway, match="429, too many requests") as refused:
            CALLS[on](store)
        assert refused.value.retry_after == 3600
        assert waits == []

    def test_many_do_not_come_back_in_the_same_moment(
        self, server: B2Server, open_b2: Open, bot_key: Key, waits: list[float]
    ) -> None:
        for _ in range(5):
            server.faults.add(Fault("b2_list_file_names", status=429, retry_after="7"))
            list(open_b2(bot_key).list())
        assert len(set(waits)) == 5

    def test_an_answer_that_never_comes(self, server: B2Server, open_b2: Open, bot_key: Key) -> None:
        over = threading.Event()

        def hang() -> None:
            over.wait(20)

        server.faults.add(Fault(DOWNLOAD, do=hang, times=2))
        with pytest.raises(StoreAway, match="no answer in time"):
            open_b2(bot_key, patience=Patience(tries=2, read=0.2)).get(KEY)
        over.set()

    def test_connections_that_are_cut_again_and_again(self, server: B2Server, store: B2Store) -> None:
        server.faults.add(Fault(UPLOAD, cut=True, times=100))
        with pytest.raises(StoreAway, match="the connection is cut"):
            store.put(KEY, b"new")

    def test_nobody_there(self, server: B2Server, store: B2Store) -> None:
        server.stop()
        with pytest.raises(StoreAway, match="the connection is refused"):
            store.get(KEY)

    @pytest.mark.parametrize("on", CALLS)
    @pytest.mark.parametrize(
        ("code", "word"),
        [("", "daily"), ("storage_", "storage"), ("transaction_", "transaction"), ("download_", "download")],
    )
    def test_a_cap_is_named_and_not_asked_again(
        self, server: B2Server, store: B2Store, on: str, code: str, word: str
    ) -> None:
        server.faults.add(cap_reached(on, code))
        with pytest.raises(StoreRefused, match=f"reached its {word} cap. Raise it at Backblaze"):
            CALLS[on](store)
        assert server.calls(on) == 1

    def test_after_a_cap_was_raised_it_goes_on(self, server: B2Server, store: B2Store) -> None:
        server.faults.add(cap_reached("b2_authorize_account", "transaction_", times=1))
        with pytest.raises(StoreRefused):
            store.get(KEY)
        assert store.get(KEY) == b"old"


class TestLargeFiles:
    @pytest.fixture(autouse=True)
    def small_limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(b2, "WHOLE", 1_000_000)
        monkeypatch.setattr(b2, "PART", 5_000_000)

    @pytest.fixture
    def export(self, tmp_path: Path) -> Path:
        path = tmp_path / "export.zip"
        path.write_bytes(bytes(range(250)) * 48_000)
        return path

    @pytest.mark.parametrize(
        "on", ["nothing", "b2_start_large_file", "b2_get_upload_part_url", "b2_upload_part", "b2_finish_large_file"]
    )
    @pytest.mark.parametrize("after", [False, True])
    def test_it_goes_up_in_parts(self, server: B2Server, store: B2Store, export: Path, on: str, after: bool) -> None:
        server.faults.add(Fault(on, cut=True, after=after))
        put = store.put_file("exports/export.zip", export)
        assert (put.key, put.size) == ("exports/export.zip", 12_000_000)
        assert store.get("exports/export.zip") == export.read_bytes()
        assert store.versions("exports/export.zip") == (put,)

    def test_one_that_fails_leaves_nothing(self, server: B2Server, store: B2Store, export: Path) -> None:
        server.faults.add(Fault("b2_upload_part", status=503, skip=1, times=100))
        with pytest.raises(StoreError):
            store.put_file("exports/export.zip", export)
        assert store.versions("exports/export.zip") == ()
        assert not server.account.large
