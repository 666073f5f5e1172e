from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Players")


@_attrs_define
class Players:
    """
    Attributes:
        online (int):
        most (int):
        names (list[str]): May be empty although somebody plays: not every game tells names, and not every guild shows
            them.
        known (bool): False: the game does not tell at the moment. Nobody is put out for that.
    """

    online: int
    most: int
    names: list[str]
    known: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        online = self.online

        most = self.most

        names = self.names

        known = self.known

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "online": online,
                "most": most,
                "names": names,
                "known": known,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        online = d.pop("online")

        most = d.pop("most")

        names = cast(list[str], d.pop("names"))

        known = d.pop("known")

        players = cls(
            online=online,
            most=most,
            names=names,
            known=known,
        )

        players.additional_properties = d
        return players

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
