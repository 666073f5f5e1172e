"""The table of core.guilds.licences."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from core.games.form.game import Licence
from core.guilds.licences import Verdict, decide

TEXT = Licence(name="Licence", url="https://example.org/text", version="1")
NEXT = Licence(name="Licence", url="https://example.org/text", version="2")


@pytest.mark.parametrize("may", [True, False])
def test_what_has_none_or_an_accepted_one_starts_whoever_starts_it(may: bool) -> None:
    assert decide(None, accepted=False, accepts=None, may=may) is Verdict.START
    assert decide(TEXT, accepted=True, accepts=None, may=may) is Verdict.START


@pytest.mark.parametrize(
    ("accepts", "verdict"),
    [(None, Verdict.ASK), (NEXT.mark, Verdict.ASK), ("", Verdict.ASK), (TEXT.mark, Verdict.ACCEPT)],
)
def test_who_may_accept_is_asked_until_they_accept_this_very_text(accepts: str | None, verdict: Verdict) -> None:
    assert decide(TEXT, accepted=False, accepts=accepts, may=True) is verdict


def test_who_may_not_accept_is_refused_whatever_they_send() -> None:
    assert decide(TEXT, accepted=False, accepts=TEXT.mark, may=False) is Verdict.REFUSE


@pytest.mark.parametrize("url", ["http://example.org", "https://a b", "https://a)**x", "javascript:alert(1)"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Licence(name="x", url=url, version="1")
