"""Where a message may go, best first, by what is known of where people read."""

from __future__ import annotations

import pytest

from core.notices.destinations import Channel, Destination, Known, Person, of_card, of_notice
from core.words import NoticeKind

NOTICES, SERVERS, CARD, BORN, OWNER = 1, 2, 3, 4, 9


@pytest.mark.parametrize(
    ("known", "channels"),
    [
        (Known(), []),
        (Known(created_in=BORN), [BORN]),
        (Known(created_in=BORN, card=CARD), [CARD, BORN]),
        (Known(created_in=BORN, card=CARD, server_channel=SERVERS), [SERVERS, CARD, BORN]),
        (Known(created_in=SERVERS, card=SERVERS, server_channel=SERVERS, notice_channel=NOTICES), [SERVERS]),
    ],
)
def test_a_card_stands_in_the_server_channel_or_stays_where_it_is(known: Known, channels: list[int]) -> None:
    assert of_card(known) == channels


@pytest.mark.parametrize(
    ("known", "places"),
    [
        (Known(), []),
        (Known(owner=OWNER), [Person(OWNER)]),
        (Known(created_in=BORN, card=BORN, owner=OWNER), [Channel(BORN), Person(OWNER)]),
        (
            Known(NOTICES, SERVERS, CARD, BORN, owner=OWNER),
            [Channel(NOTICES), Channel(CARD), Channel(BORN), Channel(SERVERS), Person(OWNER)],
        ),
        (Known(server_channel=SERVERS, named=CARD), [Channel(SERVERS), Channel(CARD)]),
    ],
)
def test_a_notice_goes_to_the_notice_channel_then_to_the_card_then_to_the_owner(
    known: Known, places: list[Destination]
) -> None:
    assert of_notice(NoticeKind.PAUSED, known) == places


def test_an_alarm_goes_to_the_operator_alone() -> None:
    assert of_notice(NoticeKind.ALARM, Known(NOTICES, SERVERS, operator=OWNER)) == [Person(OWNER)]


def test_a_greeting_goes_where_the_guild_may_be_greeted() -> None:
    assert of_notice(NoticeKind.WELCOME, Known(NOTICES, owner=OWNER, greetable=[5, 6, 5])) == [Channel(5), Channel(6)]


def test_what_a_follower_is_told_goes_to_them_alone() -> None:
    assert of_notice(NoticeKind.FOLLOW, Known(NOTICES, SERVERS, owner=OWNER, follower=5)) == [Person(5)]


def test_that_an_owner_left_is_not_told_to_them() -> None:
    assert of_notice(NoticeKind.OWNER_GONE, Known(NOTICES, owner=OWNER)) == [Channel(NOTICES)]
