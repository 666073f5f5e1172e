"""With whom people sign in, as the settings say; one for the whole face, because it remembers a provider's keys."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from bot.settings import Settings
from bot.web.auth.at_discord import AtDiscord
from bot.web.auth.openid import OpenId


@dataclass(frozen=True, slots=True)
class Providers:
    """None: nobody signs in with that."""

    discord: AtDiscord | None
    openid: OpenId | None

    @classmethod
    def of(cls, settings: Settings) -> Providers:
        public_url = (settings.public_url or "").rstrip("/")
        return cls(AtDiscord.of(settings, public_url), OpenId.of(settings, public_url))

    @property
    def browser(self) -> OpenId | None:
        """Where people sign in with a browser."""
        return self.openid if self.openid is not None and self.openid.signs_in else None


def providers_of(request: Request) -> Providers:
    found: Providers = request.app.state.providers
    return found
