from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.event_kind import EventKind
from ..models.off import Off

T = TypeVar("T", bound="WebhookWithSecret")


@_attrs_define
class WebhookWithSecret:
    """
    Attributes:
        id (str):
        guild (str):
        url (str):
        description (str):
        kinds (list[EventKind]):
        on (bool):
        off_at (datetime.datetime | None):
        off_why (None | Off): `failing`: nothing was taken for days. `gone`: it answered 410.
        failing_since (datetime.datetime | None): Since then nothing was taken.
        created_at (datetime.datetime):
        created_by (str):
        rotated_at (datetime.datetime | None):
        secret (str): By which what is sent is signed. Shown now, and never again.
    """

    id: str
    guild: str
    url: str
    description: str
    kinds: list[EventKind]
    on: bool
    off_at: datetime.datetime | None
    off_why: Off | None
    failing_since: datetime.datetime | None
    created_at: datetime.datetime
    created_by: str
    rotated_at: datetime.datetime | None
    secret: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        guild = self.guild

        url = self.url

        description = self.description

        kinds = []
        for kinds_item_data in self.kinds:
            kinds_item = kinds_item_data.value
            kinds.append(kinds_item)

        on = self.on

        off_at: str | None
        if isinstance(self.off_at, datetime.datetime):
            off_at = self.off_at.isoformat()
        else:
            off_at = self.off_at

        off_why: str | None
        if isinstance(self.off_why, Off):
            off_why = self.off_why.value
        else:
            off_why = self.off_why

        failing_since: str | None
        if isinstance(self.failing_since, datetime.datetime):
            failing_since = self.failing_since.isoformat()
        else:
            failing_since = self.failing_since

        created_at = self.created_at.isoformat()

        created_by = self.created_by

        rotated_at: str | None
        if isinstance(self.rotated_at, datetime.datetime):
            rotated_at = self.rotated_at.isoformat()
        else:
            rotated_at = self.rotated_at

        secret = self.secret

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "guild": guild,
                "url": url,
                "description": description,
                "kinds": kinds,
                "on": on,
                "off_at": off_at,
                "off_why": off_why,
                "failing_since": failing_since,
                "created_at": created_at,
                "created_by": created_by,
                "rotated_at": rotated_at,
                "secret": secret,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        guild = d.pop("guild")

        url = d.pop("url")

        description = d.pop("description")

        kinds = []
        _kinds = d.pop("kinds")
        for kinds_item_data in _kinds:
            kinds_item = EventKind(kinds_item_data)

            kinds.append(kinds_item)

        on = d.pop("on")

        def _parse_off_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                off_at_type_0 = datetime.datetime.fromisoformat(data)

                return off_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        off_at = _parse_off_at(d.pop("off_at"))

        def _parse_off_why(data: object) -> Off | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                off_why_type_0 = Off(data)

                return off_why_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Off, data)

        off_why = _parse_off_why(d.pop("off_why"))

        def _parse_failing_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                failing_since_type_0 = datetime.datetime.fromisoformat(data)

                return failing_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        failing_since = _parse_failing_since(d.pop("failing_since"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        created_by = d.pop("created_by")

        def _parse_rotated_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                rotated_at_type_0 = datetime.datetime.fromisoformat(data)

                return rotated_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        rotated_at = _parse_rotated_at(d.pop("rotated_at"))

        secret = d.pop("secret")

        webhook_with_secret = cls(
            id=id,
            guild=guild,
            url=url,
            description=description,
            kinds=kinds,
            on=on,
            off_at=off_at,
            off_why=off_why,
            failing_since=failing_since,
            created_at=created_at,
            created_by=created_by,
            rotated_at=rotated_at,
            secret=secret,
        )

        webhook_with_secret.additional_properties = d
        return webhook_with_secret

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
