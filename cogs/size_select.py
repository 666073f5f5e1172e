"""The select of a server's size, on the page of `/server edit`: a choice is kept at once, taken at the next start."""

from __future__ import annotations

import re
from typing import Any, Self

from discord.ui import DynamicItem, Item, Select

from cogs import forms
from cogs.replies import Answer, How, Interaction, actor_of, language_of
from core.servers.edit import Editing

TEMPLATE = r"dm-size:(?P<server>[a-z][a-z2-7]{11})"


class SizePick(DynamicItem[Select[Any]], template=TEMPLATE):
    def __init__(self, item: Select[Any], server: str = "") -> None:
        super().__init__(item)
        self.server = server

    @classmethod
    async def from_custom_id(cls, interaction: Interaction, item: Item[Any], match: re.Match[str], /) -> Self:
        assert isinstance(item, Select)
        return cls(item, match["server"])

    async def callback(self, interaction: Interaction) -> Any:
        editing: Editing = interaction.client.faces.servers.editing
        data: Any = interaction.data
        values = [str(each) for each in data.get("values") or ()]

        async def handle() -> Answer:
            view = await editing.resize(actor_of(interaction), self.server, values[0] if values else "")
            return forms.page(view, language_of(interaction))

        await interaction.client.faces.replies.answer(interaction, handle, how=How.UPDATE)
