"""The picture: an SVG that anybody can read on a phone, drawn by a child."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from made_up import NOW, made_up

from cogs import activity_pages
from core.activity import draw, picture
from core.activity.chart import HEIGHT, WIDTH, svg
from core.activity.picture import Pictures
from core.activity.report import Longest, NotSeen, Report, ServerHours

EVIL = '"><script>&amp;]]></text><image href="http://127.0.0.1/"/>'
CASES = {
    **{f"{days} days": made_up(days) for days in (1, 2, 3, 7, 14, 30, 90, 365)},
    "all servers": made_up(guild=True, most=40),
    "a crowd": made_up(30, most=1000),
    "nobody": made_up(most=0),
}


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("case", CASES)
def test_it_fits_a_phone_and_nothing_is_too_small_to_read(case: str, language: str) -> None:
    tree = ElementTree.fromstring(svg(CASES[case], language))
    assert tree.get("width") == str(WIDTH)
    texts = [each for each in tree if each.tag.endswith("text")]
    assert min(float(each.get("font-size", "0")) for each in texts) >= 9
    for each in tree:
        if each.tag.endswith("rect"):
            x, width = float(each.get("x", "0")), float(each.get("width", "0"))
            assert -0.1 <= x <= x + width <= WIDTH + 0.1
    for each in texts:
        length = 0.58 * float(each.get("font-size", "0")) * len(each.text or "")
        x = float(each.get("x", "0"))
        begin = {"middle": x - length / 2, "end": x - length}.get(each.get("text-anchor", ""), x)
        assert begin >= -2
        assert begin + length <= WIDTH + 4


def test_no_name_is_in_it() -> None:
    plain = CASES["7 days"]
    named = replace(
        plain,
        name=EVIL,
        longest=Longest(timedelta(hours=9), EVIL),
        not_seen=(NotSeen(EVIL, NOW),),
        servers=(ServerHours(EVIL, timedelta(hours=1)),),
    )
    assert svg(named, "en") == svg(plain, "en")


def test_the_text_has_every_figure_of_the_picture() -> None:
    for language in ("en", "de"):
        for found in CASES.values():
            tree = ElementTree.fromstring(svg(found, language))
            tiles = [each.text or "" for each in tree if each.tag.endswith("text")][:12]
            said = activity_pages.alt(found, language)
            for number in re.findall(r"\d[\d.,]*", " ".join(tiles)):
                assert number in said, said


async def test_a_child_draws_it(monkeypatch: pytest.MonkeyPatch) -> None:
    png = await Pictures().draw(made_up(), "de")
    assert png is not None
    assert png.startswith(b"\x89PNG")
    assert struct.unpack(">II", png[16:24]) == (WIDTH * draw.ZOOM, HEIGHT * draw.ZOOM)
    assert len(png) < 200_000


async def test_without_resvg_there_is_none_and_nobody_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "command", lambda *_: ["/bin/sh", "-c", f"cat >/dev/null; exit {draw.NOT_THERE}"])
    pictures = Pictures()
    assert await pictures.draw(made_up(), "en") is None
    monkeypatch.setattr(picture, "command", lambda *_: pytest.fail("it was asked again"))
    assert await pictures.draw(made_up(), "en") is None


@pytest.mark.parametrize("does", ["cat >/dev/null; exit 1", "exit 1", "cat >/dev/null", "cat >/dev/null; kill -9 $$"])
async def test_a_child_that_fails_leaves_the_text(does: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "command", lambda *_: ["/bin/sh", "-c", does])
    assert await Pictures().draw(made_up(), "en") is None


async def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "WITHIN", 0.2)
    monkeypatch.setattr(picture, "command", lambda *_: ["/bin/sh", "-c", "cat >/dev/null; exec sleep 600"])
    assert await Pictures().draw(made_up(), "en") is None


def test_a_report_of_nothing_says_so() -> None:
    nothing: Report = replace(made_up(most=0), points=(), saved=replace(made_up(most=0).saved))
    assert nothing.is_empty
