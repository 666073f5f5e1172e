from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.field import Field
    from ..models.licence_asked import LicenceAsked


T = TypeVar("T", bound="Problem")


@_attrs_define
class Problem:
    """RFC 9457. `type` is what programs may rely on, `detail` the sentence for people, in the caller's language.

    Attributes:
        type_ (str):
        title (str):
        status (int):
        detail (str):
        instance (str):
        fields (list[Field] | None | Unset):
        licence (LicenceAsked | None | Unset):
    """

    type_: str
    title: str
    status: int
    detail: str
    instance: str
    fields: list[Field] | Unset | None = UNSET
    licence: LicenceAsked | Unset | None = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.licence_asked import LicenceAsked

        type_ = self.type_

        title = self.title

        status = self.status

        detail = self.detail

        instance = self.instance

        fields: list[dict[str, Any]] | Unset | None
        if isinstance(self.fields, Unset):
            fields = UNSET
        elif isinstance(self.fields, list):
            fields = []
            for fields_type_0_item_data in self.fields:
                fields_type_0_item = fields_type_0_item_data.to_dict()
                fields.append(fields_type_0_item)

        else:
            fields = self.fields

        licence: dict[str, Any] | Unset | None
        if isinstance(self.licence, Unset):
            licence = UNSET
        elif isinstance(self.licence, LicenceAsked):
            licence = self.licence.to_dict()
        else:
            licence = self.licence

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "title": title,
                "status": status,
                "detail": detail,
                "instance": instance,
            }
        )
        if fields is not UNSET:
            field_dict["fields"] = fields
        if licence is not UNSET:
            field_dict["licence"] = licence

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.field import Field
        from ..models.licence_asked import LicenceAsked

        d = dict(src_dict)
        type_ = d.pop("type")

        title = d.pop("title")

        status = d.pop("status")

        detail = d.pop("detail")

        instance = d.pop("instance")

        def _parse_fields(data: object) -> list[Field] | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                fields_type_0 = []
                _fields_type_0 = data
                for fields_type_0_item_data in _fields_type_0:
                    fields_type_0_item = Field.from_dict(fields_type_0_item_data)

                    fields_type_0.append(fields_type_0_item)

                return fields_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Field] | None | Unset, data)

        fields = _parse_fields(d.pop("fields", UNSET))

        def _parse_licence(data: object) -> LicenceAsked | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                licence_type_0 = LicenceAsked.from_dict(data)

                return licence_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LicenceAsked | None | Unset, data)

        licence = _parse_licence(d.pop("licence", UNSET))

        problem = cls(
            type_=type_,
            title=title,
            status=status,
            detail=detail,
            instance=instance,
            fields=fields,
            licence=licence,
        )

        problem.additional_properties = d
        return problem

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
