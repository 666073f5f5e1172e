from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="LicenceAsked")


@_attrs_define
class LicenceAsked:
    """Of a game, which has to be accepted first: with `question` where it has one, else with `mark` and `then`.

    Attributes:
        game (str):
        name (str):
        url (str):
        mark (str):
        question (None | str):
        then (None | str):
        server (None | str):
    """

    game: str
    name: str
    url: str
    mark: str
    question: str | None
    then: str | None
    server: str | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        game = self.game

        name = self.name

        url = self.url

        mark = self.mark

        question: str | None
        question = self.question

        then: str | None
        then = self.then

        server: str | None
        server = self.server

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "game": game,
                "name": name,
                "url": url,
                "mark": mark,
                "question": question,
                "then": then,
                "server": server,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        game = d.pop("game")

        name = d.pop("name")

        url = d.pop("url")

        mark = d.pop("mark")

        def _parse_question(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        question = _parse_question(d.pop("question"))

        def _parse_then(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        then = _parse_then(d.pop("then"))

        def _parse_server(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        server = _parse_server(d.pop("server"))

        licence_asked = cls(
            game=game,
            name=name,
            url=url,
            mark=mark,
            question=question,
            then=then,
            server=server,
        )

        licence_asked.additional_properties = d
        return licence_asked

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
