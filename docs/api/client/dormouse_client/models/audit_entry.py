from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.audit_entry_details_type_0 import AuditEntryDetailsType0


T = TypeVar("T", bound="AuditEntry")


@_attrs_define
class AuditEntry:
    """
    Attributes:
        number (int):
        at (datetime.datetime):
        by (None | str): null: Dormouse itself.
        server (str): Its name, as it is or was last; empty where it is about the guild.
        kind (str):
        details (AuditEntryDetailsType0 | None): What there is to say of it; null: a newer version wrote it.
    """

    number: int
    at: datetime.datetime
    by: str | None
    server: str
    kind: str
    details: AuditEntryDetailsType0 | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.audit_entry_details_type_0 import AuditEntryDetailsType0

        number = self.number

        at = self.at.isoformat()

        by: str | None
        by = self.by

        server = self.server

        kind = self.kind

        details: dict[str, Any] | None
        if isinstance(self.details, AuditEntryDetailsType0):
            details = self.details.to_dict()
        else:
            details = self.details

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "number": number,
                "at": at,
                "by": by,
                "server": server,
                "kind": kind,
                "details": details,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audit_entry_details_type_0 import AuditEntryDetailsType0

        d = dict(src_dict)
        number = d.pop("number")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        def _parse_by(data: object) -> str | None:
            if data is None:
                return data
            return cast(None | str, data)

        by = _parse_by(d.pop("by"))

        server = d.pop("server")

        kind = d.pop("kind")

        def _parse_details(data: object) -> AuditEntryDetailsType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                details_type_0 = AuditEntryDetailsType0.from_dict(data)

                return details_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AuditEntryDetailsType0 | None, data)

        details = _parse_details(d.pop("details"))

        audit_entry = cls(
            number=number,
            at=at,
            by=by,
            server=server,
            kind=kind,
            details=details,
        )

        audit_entry.additional_properties = d
        return audit_entry

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
