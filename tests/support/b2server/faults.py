"""What goes wrong on request, and when: the control object of the server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(slots=True)
class Fault:
    """One failure of the operations that `on` names, for `times` calls after `skip` good ones.

    With `after`, the operation has had its effect when it fails: what a client sees as a failure was done.
    """

    on: str  # an operation such as "b2_upload_file" or "b2_download_file_by_name"; fnmatch patterns are possible
    status: int = 0  # HTTP status of the answer; 0: none
    code: str = "artificial"
    message: str = ""
    html: str = ""  # a body that is not B2's, with this status
    retry_after: str | None = None
    cut: bool = False  # close the connection without an answer
    received: int | None = None  # close it once so many bytes of the request's body came
    sent: int | None = None  # close it once so many bytes of the answer's body went
    rate: int | None = None  # bytes a second of the request's and of the answer's body
    delay: float = 0.0  # seconds before anything is done
    do: Callable[[], None] | None = None  # the hook: kill the client, change the world, wait for an event
    after: bool = False
    skip: int = 0
    times: int = 1


class Faults:
    """Faults that wait for their call; the first that matches is taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._waiting.extend(faults)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """Those that did not (all) happen yet."""
        with self._lock:
            return tuple(self._waiting)

    def take(self, operation: str) -> Fault | None:
        with self._lock:
            for fault in list(self._waiting):
                if not fnmatchcase(operation, fault.on):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None


def cap_reached(on: str, what: str = "", times: int = 1_000_000) -> Fault:
    """An account's cap: `what` is "storage_", "transaction_" or "download_"; without it the old, bare code."""
    return Fault(on, status=403, code=f"{what}cap_exceeded", message="Cap exceeded", times=times)
