"""A key for one server: what its holder can do, what not, and what is left of it when a thief had it."""

from __future__ import annotations

import pytest
from b2server import B2Server, Key, Refusal
from b2server.api import OPERATIONS

from core.worlds.store.b2 import B2Store
from core.worlds.store.b2_keys import make_server_key, makes_keys, remove_server_keys
from core.worlds.store.port import NotThere, StoreRefused
from tests.worlds.b2.bucket import BUCKET, PREFIX, Open

POND, LAKE = "pondpondpond", "lakelakelake"
PACK = f"worlds/{POND}/packs/one"


@pytest.fixture
def bot(open_b2: Open, master: Key) -> B2Store:
    return open_b2(master)


@pytest.fixture
def agent(bot: B2Store, open_b2: Open) -> B2Store:
    """What the pod of server Pond opens."""
    return open_b2(make_server_key(bot, POND))


class TestWhatItCanDo:
    def test_it_saves_and_restores_its_own_world(self, agent: B2Store, bot: B2Store) -> None:
        agent.put(PACK, b"world")
        assert agent.get(PACK) == b"world"
        assert [version.key for version in agent.list(f"worlds/{POND}/")] == [PACK]
        assert bot.get(PACK) == b"world"

    def test_it_does_not_reach_another_world(self, agent: B2Store, bot: B2Store) -> None:
        bot.put(f"worlds/{LAKE}/packs/one", b"theirs")
        for call in (
            lambda: agent.get(f"worlds/{LAKE}/packs/one"),
            lambda: agent.put(f"worlds/{LAKE}/packs/one", b"mine"),
            lambda: agent.hide(f"worlds/{LAKE}/packs/one"),
            lambda: list(agent.list(f"worlds/{LAKE}/")),
            lambda: list(agent.list()),
        ):
            with pytest.raises(StoreRefused, match=f"restricted to names that begin with pond/worlds/{POND}/, and"):
                call()

    def test_it_does_not_reach_a_world_whose_id_begins_alike(self, agent: B2Store) -> None:
        with pytest.raises(StoreRefused):
            agent.put(f"worlds/{POND}2/packs/one", b"")

    def test_it_makes_no_links(self, agent: B2Store) -> None:
        agent.put(PACK, b"world")
        with pytest.raises(StoreRefused, match="lacks the capability shareFiles"):
            agent.link(PACK, 60)

    def test_it_deletes_nothing(self, agent: B2Store, server: B2Server) -> None:
        put = agent.put(PACK, b"world")
        key = server.account.keys[agent.place.key_id]
        with pytest.raises(Refusal, match="401"):
            OPERATIONS["b2_delete_file_version"](
                server.account, key, {"fileId": put.id, "fileName": PREFIX + PACK}, server.url
            )

    def test_one_that_only_restores_cannot_save(self, bot: B2Store, open_b2: Open) -> None:
        bot.put(PACK, b"world")
        reader = open_b2(make_server_key(bot, POND, saves=False))
        assert reader.get(PACK) == b"world"
        with pytest.raises(StoreRefused, match="lacks the capability writeFiles"):
            reader.put(PACK, b"")


class TestAThief:
    """Who has the key can overwrite and hide: that is seen, and undone from the versions below."""

    def test_what_was_overwritten_lies_below(self, agent: B2Store, bot: B2Store) -> None:
        good = bot.put(PACK, b"world")
        agent.put(PACK, b"ransom")
        assert bot.get(PACK) == b"ransom"
        assert [bot.get(PACK, version=each.id) for each in bot.versions(PACK)] == [b"ransom", b"world"]
        assert bot.versions(PACK)[1] == good

    def test_what_was_hidden_is_found_by_its_marker_and_brought_back(self, agent: B2Store, bot: B2Store) -> None:
        good = bot.put(PACK, b"world")
        laid = agent.hide(PACK)
        with pytest.raises(NotThere):
            bot.get(PACK)
        assert [each for each in bot.list_versions(f"worlds/{POND}/") if each.hidden] == [laid]
        assert bot.get(PACK, version=good.id) == b"world"
        bot.unhide(PACK)
        assert bot.get(PACK) == b"world"

    def test_a_version_of_one_key_is_not_taken_for_anothers(self, agent: B2Store, bot: B2Store) -> None:
        other = agent.put(f"worlds/{POND}/packs/two", b"ransom")
        bot.put(PACK, b"world")
        with pytest.raises(NotThere):
            bot.get(PACK, version=other.id)

    def test_names_that_are_no_keys_are_passed_over(self, bot: B2Store, server: B2Server) -> None:
        bot.put(PACK, b"world")
        for name in (f"worlds/{POND}/packs/../x", f"worlds/{POND}/packs/ö", f"worlds/{POND}/.a"):
            server.account.store(server.account.bucket(BUCKET), PREFIX + name, data=b"")
        assert [each.key for each in bot.list_versions()] == [PACK]

    def test_once_the_key_is_removed_it_is_over(self, agent: B2Store, bot: B2Store) -> None:
        agent.put(PACK, b"world")
        assert remove_server_keys(bot, POND) == 1
        with pytest.raises(StoreRefused, match="deleted or expired"):
            agent.put(PACK, b"ransom")


class TestMakingAndRemoving:
    def test_the_newest_key_stays(self, bot: B2Store, open_b2: Open) -> None:
        old, other = make_server_key(bot, POND), make_server_key(bot, LAKE)
        new = make_server_key(bot, POND)
        assert remove_server_keys(bot, POND, but={new.key_id}) == 1
        for key in (new, other):
            open_b2(key).versions(f"worlds/{POND if key is new else LAKE}/packs/one")
        with pytest.raises(StoreRefused):
            open_b2(old).versions(PACK)

    def test_a_key_can_end_by_itself(self, bot: B2Store, open_b2: Open, server: B2Server) -> None:
        key = make_server_key(bot, POND, seconds=3600)
        now = server.account.clock
        server.account.clock = lambda: now() + 3601
        with pytest.raises(StoreRefused, match="expired"):
            open_b2(key).versions(PACK)

    def test_a_bot_whose_key_makes_none_shares_its_own(self, store: B2Store, bot_key: Key) -> None:
        key = make_server_key(store, POND)
        assert not makes_keys(store)
        assert (key.key_id, key.key, key.shared) == (bot_key.id, bot_key.secret, True)
        assert remove_server_keys(store, POND) == 0

    def test_a_key_does_not_show_its_secret(self, bot: B2Store) -> None:
        key = make_server_key(bot, POND)
        assert not key.shared
        assert key.key not in repr(key)
