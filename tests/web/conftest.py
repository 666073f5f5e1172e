from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from webface import Face, present, serving

from tests.conftest import ADA, BO, CY, House


@pytest.fixture
async def face(house: House) -> AsyncIterator[Face]:
    """Ada, Bo and Cy are in the guild; Cy may manage it."""
    house.membership.present = {each.user: present(each) for each in (ADA, BO, CY)}
    async with serving(house.core) as face:
        yield face
