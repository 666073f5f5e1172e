from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.accepts_then_type_0 import AcceptsThenType0
from ..types import UNSET, Unset

T = TypeVar("T", bound="Accepts")


@_attrs_define
class Accepts:
    """The answer to a `licence` of a refusal: its `mark`, and `then`.

    Attributes:
        mark (str): Which text was read.
        then (AcceptsThenType0 | None | Unset): What is done with it; null: nothing.
    """

    mark: str
    then: AcceptsThenType0 | Unset | None = UNSET

    def to_dict(self) -> dict[str, Any]:
        mark = self.mark

        then: str | Unset | None
        if isinstance(self.then, Unset):
            then = UNSET
        elif isinstance(self.then, AcceptsThenType0):
            then = self.then.value
        else:
            then = self.then

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "mark": mark,
            }
        )
        if then is not UNSET:
            field_dict["then"] = then

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        mark = d.pop("mark")

        def _parse_then(data: object) -> AcceptsThenType0 | Unset | None:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                then_type_0 = AcceptsThenType0(data)

                return then_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AcceptsThenType0 | None | Unset, data)

        then = _parse_then(d.pop("then", UNSET))

        accepts = cls(
            mark=mark,
            then=then,
        )

        return accepts
