"""What `dormouse check` says of sign-in."""

from __future__ import annotations

import pytest

from bot.check import sign_in
from bot.check.report import Report
from bot.settings import PREFIX, load
from core.errors import Misconfigured

URL = {"WEB": "127.0.0.1:8080", "PUBLIC_URL": "https://dormouse.example.org"}
DISCORD = {"DISCORD_CLIENT_ID": "4711", "DISCORD_CLIENT_SECRET": "hush"}
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
ENTRA = {
    "OIDC_ISSUER": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    "OIDC_CLIENT_ID": "me",
    "OIDC_CLIENT_SECRET": "hush",
}
EVERY_TENANT = {**ENTRA, "OIDC_ISSUER": "https://login.microsoftonline.com/organizations/v2.0"}


def looked(**values: str) -> Report:
    report = Report()
    sign_in.check(load({PREFIX + name: value for name, value in values.items()}, None)[0], report)
    return report


def test_all_is_well_with_everything_set() -> None:
    assert looked(**URL, **DISCORD, **ENTRA) == Report()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({**URL, "DISCORD_CLIENT_ID": "4711"}, "DORMOUSE_DISCORD_CLIENT_SECRET is missing"),
        ({**URL, **DISCORD, "OIDC_ISSUER": ENTRA["OIDC_ISSUER"]}, "DORMOUSE_OIDC_CLIENT_ID and DORMOUSE_OIDC_CLIENT_S"),
        ({"WEB": "127.0.0.1:8080", **DISCORD}, "DORMOUSE_PUBLIC_URL is not set"),
        ({**URL, **DISCORD, "PUBLIC_URL": "http://dormouse.example.org"}, "DORMOUSE_PUBLIC_URL is not https"),
        ({**URL, **DISCORD, "PUBLIC_URL": "https://example.org/dormouse"}, "DORMOUSE_PUBLIC_URL has a path"),
        ({**URL, **DISCORD, "OIDC_TENANTS": TENANT}, "DORMOUSE_OIDC_ISSUER is not set"),
        ({**URL, **DISCORD, **EVERY_TENANT}, "DORMOUSE_OIDC_TENANTS is not set"),
    ],
)
def test_what_is_missing_is_named(values: dict[str, str], words: str) -> None:
    (mistake,) = looked(**values).mistakes
    assert words in mistake


def test_loopback_needs_no_https() -> None:
    assert looked(**URL | {"PUBLIC_URL": "http://127.0.0.1:8080"}, **DISCORD) == Report()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ISSUER", "http://login.example.org"),
        ("OIDC_ISSUER", "login.example.org"),
        ("OIDC_ISSUER", "https://me:secret@login.example.org"),
        ("OIDC_TENANTS", "contoso"),
        ("DISCORD_CLIENT_ID", "me"),
        ("DISCORD_OAUTH_URL", "http://example.org"),
    ],
)
def test_what_cannot_be_is_refused_in_words(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"DORMOUSE_{name}: "):
        load({PREFIX + name: value}, None)


def test_the_secrets_stand_in_no_log() -> None:
    settings = load({PREFIX + name: value for name, value in {**DISCORD, **ENTRA}.items()}, None)[0]
    assert settings.secrets.count("hush") == 2
    assert "hush" not in repr(settings)
