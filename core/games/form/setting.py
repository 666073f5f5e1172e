"""What people choose of a game: its size and its settings."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.errors import BadInput
from core.games.form.model import MOST_VOLUME, Model, check_expression


class Size(Model):
    id: Literal["small", "medium", "large"]
    cpu: int = Field(ge=10)  # millicores requested; the limit is twice that
    memory: int = Field(ge=32)  # MiB, request and limit
    volume: int | None = Field(None, ge=1, le=MOST_VOLUME)  # GiB of disk; None: the game's


class Setting(Model):
    """One thing a manager may change. Labels and descriptions are English; core.text may translate them."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    group: str
    label: str = Field(max_length=45)  # Discord's limit of a modal's label
    description: str = Field("", max_length=100)
    type: Literal["text", "int", "choice", "secret", "bool"] = "text"
    default: str | int | bool = ""
    min: int | None = None
    max: int | None = None
    max_length: int = Field(100, ge=1, le=4000)
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    told: dict[str, str] = Field({})  # what the game is told instead of a value, such as { true = "1", false = "0" }
    needs: Literal["", "curseforge"] = ""  # a key of the operator's, without which there is no such setting
    join: bool = False  # a player needs its value to join: Join tells it

    @model_validator(mode="after")
    def _whole(self) -> Setting:
        if self.type == "choice" and not self.choices:
            raise ValueError("a choice needs choices")
        if self.type == "choice" and self.default not in self.choices:
            raise ValueError(f"the default {self.default!r} is not one of the choices")
        if self.type == "bool" and not isinstance(self.default, bool):
            raise ValueError("the default has to be true or false")
        if self.type == "int":
            low, high = self.limits
            if not isinstance(self.default, int) or not low <= self.default <= high:
                raise ValueError(f"the default has to be a number from {low} to {high}")
        if self.pattern is not None:
            check_expression(self.pattern)
            if self.fallback and not re.fullmatch(self.pattern, self.fallback):
                raise ValueError("the default is not what pattern asks for")
        if len(self.fallback) > self.max_length:
            raise ValueError("the default is longer than max_length")
        return self

    @property
    def limits(self) -> tuple[int, int]:
        """Of a number."""
        return self.min or 0, self.max if self.max is not None else 2**31 - 1

    @property
    def fallback(self) -> str:
        if isinstance(self.default, bool):
            return "true" if self.default else "false"
        return str(self.default)

    def parse(self, text: str) -> str:
        """The value to store, or a refusal that says what would be taken."""
        text = text.strip()
        if self.type == "int":
            low, high = self.limits
            if not re.fullmatch(r"-?[0-9]{1,10}", text) or not low <= int(text) <= high:
                raise BadInput("edit.number", setting=self.label, low=low, high=high)
            return str(int(text))
        if self.type == "choice":
            for choice in self.choices:
                if choice.casefold() == text.casefold():
                    return choice
            raise BadInput("edit.choice", setting=self.label, choices=", ".join(self.choices))
        if self.type == "bool":
            known = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
            if text.casefold() not in known:
                raise BadInput("edit.choice", setting=self.label, choices="yes, no")
            return known[text.casefold()]
        if len(text) > self.max_length:
            raise BadInput("edit.too_long", setting=self.label, most=self.max_length)
        if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in text):
            raise BadInput("edit.characters", setting=self.label)
        if self.pattern and text and not re.fullmatch(self.pattern, text):
            raise BadInput("edit.form", setting=self.label, hint=self.description)
        return text
