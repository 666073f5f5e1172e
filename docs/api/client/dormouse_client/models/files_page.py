from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.listed_file import ListedFile


T = TypeVar("T", bound="FilesPage")


@_attrs_define
class FilesPage:
    """
    Attributes:
        path (str):
        items (list[ListedFile]):
        changeable (bool): False: the world is archived, and its files can only be read.
        next_ (None | str | Unset): What `cursor` takes for the rest; null: there is none.
        cut (bool | Unset): There is more in it than anybody is shown. Default: False.
    """

    path: str
    items: list[ListedFile]
    changeable: bool
    next_: str | Unset | None = UNSET
    cut: bool | Unset = False
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        path = self.path

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        changeable = self.changeable

        next_: str | Unset | None
        if isinstance(self.next_, Unset):
            next_ = UNSET
        else:
            next_ = self.next_

        cut = self.cut

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "path": path,
                "items": items,
                "changeable": changeable,
            }
        )
        if next_ is not UNSET:
            field_dict["next"] = next_
        if cut is not UNSET:
            field_dict["cut"] = cut

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.listed_file import ListedFile

        d = dict(src_dict)
        path = d.pop("path")

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = ListedFile.from_dict(items_item_data)

            items.append(items_item)

        changeable = d.pop("changeable")

        def _parse_next_(data: object) -> str | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        next_ = _parse_next_(d.pop("next", UNSET))

        cut = d.pop("cut", UNSET)

        files_page = cls(
            path=path,
            items=items,
            changeable=changeable,
            next_=next_,
            cut=cut,
        )

        files_page.additional_properties = d
        return files_page

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
