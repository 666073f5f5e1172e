"""What people need to sign in over HTTP, as far as the settings say it."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.check.report import Report
from bot.settings import Settings, is_private_address
from core.accounts.claims import Trusted

_DISCORD = ("DISCORD_CLIENT_ID", "DISCORD_CLIENT_SECRET")
_OPENID = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")


def check(settings: Settings, report: Report) -> None:
    discord, openid = _given(settings, _DISCORD), _given(settings, _OPENID)
    for wanted, given in ((_DISCORD, discord), (_OPENID, openid)):
        if given and set(given) != set(wanted) and not (given == ["OIDC_ISSUER"] and settings.oidc_audience):
            missing = " and ".join(f"DORMOUSE_{name}" for name in wanted if name not in given)
            report.mistakes.append(f"{missing} is missing: without it nobody signs in with DORMOUSE_{given[0]}.")
    if settings.oidc_issuer:
        trusted = Trusted(settings.oidc_issuer, frozenset(settings.oidc_tenants))
        if trusted.is_entra and not trusted.allowed:
            report.mistakes.append(
                "DORMOUSE_OIDC_TENANTS is not set: the issuer is every tenant's, so say whose people may sign in."
            )
        if settings.oidc_tenants and not trusted.is_entra:
            report.remarks.append(
                "DORMOUSE_OIDC_TENANTS does nothing: DORMOUSE_OIDC_ISSUER is none of Entra ID's "
                "(https://login.microsoftonline.com/TENANT/v2.0)."
            )
    elif settings.oidc_tenants or settings.oidc_audience:
        report.mistakes.append("DORMOUSE_OIDC_ISSUER is not set: nothing of DORMOUSE_OIDC_… is used without it.")
    if settings.web == "off":
        if discord or openid:
            report.remarks.append("DORMOUSE_WEB is off: nobody can sign in here.")
        return
    if settings.public_url is None:
        if discord or openid:
            report.mistakes.append(
                "DORMOUSE_PUBLIC_URL is not set: a sign-in has to know under which address people come back."
            )
        return
    if not discord:
        report.remarks.append(
            "Nobody can sign in with a browser: set DORMOUSE_DISCORD_CLIENT_ID and DORMOUSE_DISCORD_CLIENT_SECRET."
        )
    if not is_private_address(settings.public_url):
        report.mistakes.append(
            "DORMOUSE_PUBLIC_URL is not https: browsers keep nobody signed in there, and who is on the way reads all."
        )
    elif urlsplit(settings.public_url).path.strip("/"):
        report.mistakes.append(
            "DORMOUSE_PUBLIC_URL has a path: the pages need a host name of their own, such as https://dormouse.example.org."
        )


def _given(settings: Settings, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if getattr(settings, name.lower())]
