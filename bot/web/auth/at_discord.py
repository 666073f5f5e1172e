"""Sign-in at Discord: https://discord.com/developers/docs/topics/oauth2"""

from __future__ import annotations

from dataclasses import dataclass

from bot.settings import Settings
from bot.web.auth.asking import ask
from bot.web.auth.oauth import Client
from core.accounts.claims import Untrusted
from core.accounts.profiles import MOST_GUILDS
from core.errors import TryAgain

PATH = "/auth/discord/callback"
ISSUER, API = "https://discord.com", "https://discord.com/api/v10"


@dataclass(frozen=True, slots=True)
class Person:
    """`guilds`: theirs, as Discord tells now."""

    user: int
    name: str
    guilds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AtDiscord:
    client: Client
    api: str

    @classmethod
    def of(cls, settings: Settings, public_url: str) -> AtDiscord | None:
        """None: nobody can sign in with Discord."""
        if not settings.discord_client_id or settings.discord_client_secret is None or not public_url:
            return None
        oauth = (settings.discord_oauth_url or "").rstrip("/")
        client = Client(
            issuers=frozenset({oauth or ISSUER}),
            authorize=f"{oauth or ISSUER}/oauth2/authorize",
            token=f"{oauth or f'{ISSUER}/api'}/oauth2/token",
            id=settings.discord_client_id,
            secret=settings.discord_client_secret.get_secret_value(),
            redirect=public_url + PATH,
            scope="identify guilds",
        )
        return cls(client, (settings.discord_api_url or API).rstrip("/"))

    async def person(self, code: str, browser: str, state: str) -> Person:
        """Who signed in. What Discord gives for the code is used for these two questions, and kept nowhere."""
        token = (await self.client.redeem(code, browser, state))["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        status, me = await ask("GET", f"{self.api}/users/@me", headers=bearer)
        if status != 200 or not isinstance(me, dict) or not str(me.get("id")).isdecimal():
            raise Untrusted("who")
        status, guilds = await ask("GET", f"{self.api}/users/@me/guilds", headers=bearer)
        if status != 200 or not isinstance(guilds, list):
            raise TryAgain("signin.away")
        ids = [each.get("id") for each in guilds if isinstance(each, dict)]
        known = tuple(int(each) for each in ids if isinstance(each, str) and each.isdecimal())[:MOST_GUILDS]
        return Person(int(me["id"]), str(me.get("global_name") or me.get("username") or "")[:100], known)
