from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from oauthplace import Place, place
from openidplace import OpenIdPlace, openid_place
from webface import present, serving

from tests.conftest import ADA, BO, CY, House
from tests.web.auth.browsing import Browser


@pytest.fixture
async def discord() -> AsyncIterator[Place]:
    async with place() as made:
        yield made


@pytest.fixture
async def entra() -> AsyncIterator[OpenIdPlace]:
    async with openid_place() as made:
        yield made


@pytest.fixture
async def browser(house: House, discord: Place, entra: OpenIdPlace) -> AsyncIterator[Browser]:
    """Somebody's, before a face on which people sign in with Discord."""
    house.membership.present = {each.user: present(each) for each in (ADA, BO, CY)}
    async with serving(house.core, public_url="http://127.0.0.1:1", **discord.settings(), **entra.settings()) as face:
        yield Browser(face)
