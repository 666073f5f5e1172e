"""The `Store` port as a suite: every adapter passes it. A subclass brings the fixture `store`, empty at first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

from core.worlds.store.port import NotThere, Store

KEY = "worlds/abcdefghijkl/packs/one"


def keys(store: Store, prefix: str = "") -> list[str]:
    return [version.key for version in store.list(prefix)]


class StoreContract:
    def test_what_was_put_can_be_got(self, store: Store) -> None:
        put = store.put(KEY, b"some bytes")
        assert store.get(KEY) == b"some bytes"
        assert (put.key, put.size, put.hidden) == (KEY, 10, False)

    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    def test_any_kind_of_bytes_can_be_put(self, store: Store, kind: type) -> None:
        store.put(KEY, kind(b"some bytes"))
        assert store.get(KEY) == b"some bytes"

    def test_an_empty_object_is_an_object(self, store: Store) -> None:
        store.put(KEY, b"")
        assert store.get(KEY) == b""
        assert keys(store) == [KEY]

    def test_a_pack_of_16_mib_comes_back_whole(self, store: Store) -> None:
        data = bytes(range(256)) * 65536
        store.put(KEY, data)
        assert store.get(KEY) == data

    def test_a_file_can_be_put(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "export.zip"
        path.write_bytes(b"archive" * 1000)
        put = store.put_file("exports/export.zip", path)
        assert put.size == 7000
        assert store.get("exports/export.zip") == b"archive" * 1000

    @pytest.mark.parametrize(
        ("offset", "length", "got"),
        [
            (0, 4, b"0123"),
            (3, 4, b"3456"),
            (8, 4, b"89"),
            (7, None, b"789"),
            (10, 4, b""),
            (50, None, b""),
            (2, 0, b""),
        ],
    )
    def test_a_range_is_cut_at_the_end(self, store: Store, offset: int, length: int | None, got: bytes) -> None:
        store.put(KEY, b"0123456789")
        assert store.get(KEY, offset, length) == got

    def test_what_was_never_put_is_not_there(self, store: Store) -> None:
        with pytest.raises(NotThere):
            store.get(KEY)
        assert store.versions(KEY) == ()
        assert keys(store, "worlds/abcdefghijkl/") == []

    def test_a_key_above_another_is_another(self, store: Store) -> None:
        store.put("a/b", b"below")
        with pytest.raises(NotThere):
            store.get("a")
        store.put("a", b"above")
        assert (store.get("a"), store.get("a/b")) == (b"above", b"below")

    @pytest.mark.parametrize(
        "key", ["", "/a", "a/", "a//b", "a/../b", "./a", "a b", "a\\b", "ä", ".hidden", "a" * 1000]
    )
    def test_a_bad_key_never_reaches_the_store(self, store: Store, key: str) -> None:
        for call in (store.get, store.hide, store.unhide, store.versions, lambda key: store.put(key, b"")):
            with pytest.raises(ValueError, match="not a key"):
                call(key)

    def test_a_prefix_ends_with_a_slash(self, store: Store) -> None:
        with pytest.raises(ValueError, match="not a prefix"):
            list(store.list("worlds"))

    def test_a_second_put_lies_above_the_first(self, store: Store) -> None:
        first = store.put(KEY, b"first")
        second = store.put(KEY, b"second")
        assert store.get(KEY) == b"second"
        assert store.get(KEY, version=first.id) == b"first"
        assert [version.id for version in store.versions(KEY)] == [second.id, first.id]

    def test_the_same_bytes_again_are_another_version(self, store: Store) -> None:
        assert store.put(KEY, b"same").id != store.put(KEY, b"same").id
        assert len(store.versions(KEY)) == 2

    def test_a_version_that_never_was_is_not_there(self, store: Store) -> None:
        other = store.put("a", b"").id
        store.hide("a")
        marker = store.versions("a")[0].id
        store.put(KEY, b"")
        for version in ("nonsense", marker):
            with pytest.raises(NotThere):
                store.get("a", version=version)
        assert store.get("a", version=other) == b""

    def test_the_list_is_in_the_order_of_bytes_and_has_sizes(self, store: Store) -> None:
        names = ["a", "a-b", "a/b", "a.c", "a/b/c", "B", "b/a", "aa"]
        for size, name in enumerate(names):
            store.put(name, b"x" * size)
        listed = list(store.list())
        assert [version.key for version in listed] == sorted(names)
        assert {version.key: version.size for version in listed} == {name: size for size, name in enumerate(names)}

    def test_the_list_is_of_what_lies_below_the_prefix(self, store: Store) -> None:
        for name in ("a/1", "a/2/3", "ab/1", "a", "b/1"):
            store.put(name, b"")
        assert keys(store, "a/") == ["a/1", "a/2/3"]

    def test_more_keys_than_fit_on_a_page_are_listed(self, store: Store) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: store.put(f"many/{number:04}", b""), range(1100)))
        assert keys(store, "many/") == [f"many/{number:04}" for number in range(1100)]
        assert len(list(store.list_versions("many/"))) == 1100

    def test_the_time_is_the_stores(self, store: Store) -> None:
        at = store.put(KEY, b"").at
        assert at.tzinfo is not None
        assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
        assert next(iter(store.list())).at == at

    def test_what_is_hidden_is_not_there(self, store: Store) -> None:
        store.put(KEY, b"treasure")
        marker = store.hide(KEY)
        assert marker is not None
        assert (marker.hidden, marker.size) == (True, 0)
        with pytest.raises(NotThere):
            store.get(KEY)
        assert keys(store) == []

    def test_a_hidden_version_can_be_read_by_its_id(self, store: Store) -> None:
        put = store.put(KEY, b"treasure")
        store.hide(KEY)
        assert store.get(KEY, 3, 2, version=put.id) == b"as"
        assert [(version.hidden, version.id) for version in store.versions(KEY)][1:] == [(False, put.id)]

    def test_hiding_what_is_not_visible_does_nothing(self, store: Store) -> None:
        assert store.hide(KEY) is None
        store.put(KEY, b"")
        store.hide(KEY)
        assert store.hide(KEY) is None
        assert len(store.versions(KEY)) == 2

    def test_unhiding_brings_the_newest_content_back(self, store: Store) -> None:
        store.put(KEY, b"old")
        store.put(KEY, b"new")
        store.hide(KEY)
        store.unhide(KEY)
        assert store.get(KEY) == b"new"
        assert keys(store) == [KEY]

    def test_unhiding_what_is_visible_changes_nothing(self, store: Store) -> None:
        store.put(KEY, b"here")
        before = store.versions(KEY)
        store.unhide(KEY)
        assert store.versions(KEY) == before

    def test_unhiding_what_never_was_is_not_there(self, store: Store) -> None:
        with pytest.raises(NotThere):
            store.unhide(KEY)

    def test_a_put_over_a_marker_is_visible(self, store: Store) -> None:
        store.put(KEY, b"old")
        store.hide(KEY)
        store.put(KEY, b"new")
        assert store.get(KEY) == b"new"
        assert [version.hidden for version in store.versions(KEY)] == [False, True, False]

    def test_every_version_and_marker_is_listed_newest_first(self, store: Store) -> None:
        store.put("a/1", b"1")
        store.put("a/1", b"22")
        store.put("a/2", b"")
        store.hide("a/1")
        listed = [(version.key, version.hidden, version.size) for version in store.list_versions("a/")]
        assert listed == [("a/1", True, 0), ("a/1", False, 2), ("a/1", False, 1), ("a/2", False, 0)]

    def test_several_threads_may_use_it_at_once(self, store: Store) -> None:
        def there_and_back(number: int) -> bytes:
            store.put(f"many/{number}", b"%d" % number * 1000)
            return store.get(f"many/{number}")

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(there_and_back, range(64))) == [b"%d" % number * 1000 for number in range(64)]

    def test_two_puts_of_one_key_at_once_are_two_versions(self, store: Store) -> None:
        with ThreadPoolExecutor(8) as pool:
            put = list(pool.map(lambda number: store.put(KEY, b"%d" % number), range(8)))
        assert {store.get(KEY, version=version.id) for version in put} == {b"%d" % number for number in range(8)}
        assert len(store.versions(KEY)) == 8

    def test_a_link_can_be_read_by_anybody(self, store: Store) -> None:
        store.put(KEY, b"for everybody")
        with urlopen(store.link(KEY, 60)) as answer:
            assert answer.read() == b"for everybody"

    def test_there_is_no_link_to_what_is_not_there(self, store: Store) -> None:
        with pytest.raises(NotThere):
            store.link(KEY, 60)
