from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="Answers")


@_attrs_define
class Answers:
    """The answer to a `licence` that has a `question`.

    Attributes:
        guild (str):
        question (str):
    """

    guild: str
    question: str

    def to_dict(self) -> dict[str, Any]:
        guild = self.guild

        question = self.question

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "guild": guild,
                "question": question,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        guild = d.pop("guild")

        question = d.pop("question")

        answers = cls(
            guild=guild,
            question=question,
        )

        return answers
