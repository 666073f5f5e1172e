"""Refusals, in the shape in which Discord words them.

Codes and texts: https://discord.com/developers/docs/topics/opcodes-and-status-codes
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

Json = dict[str, Any]
"""A JSON object as it travels."""

Path = tuple[str | int, ...]
"""Where in a body something stands: `("components", 0, "label")`."""


class Fault(NamedTuple):
    """One thing wrong with a body."""

    path: Path
    code: str
    message: str


class ApiError(Exception):
    """An answer other than 2xx; `body` is what the client gets to read."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    @property
    def body(self) -> Json:
        body: Json = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


class PageError(Exception):
    """A request of the page that is refused, with one sentence for the person."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


def unauthorized() -> ApiError:
    return ApiError(401, 0, "401: Unauthorized")


def not_found() -> ApiError:
    return ApiError(404, 0, "404: Not Found")


def unknown_channel() -> ApiError:
    return ApiError(404, 10003, "Unknown Channel")


def unknown_guild() -> ApiError:
    return ApiError(404, 10004, "Unknown Guild")


def unknown_member() -> ApiError:
    return ApiError(404, 10007, "Unknown Member")


def unknown_message() -> ApiError:
    return ApiError(404, 10008, "Unknown Message")


def unknown_user() -> ApiError:
    return ApiError(404, 10013, "Unknown User")


def unknown_role() -> ApiError:
    return ApiError(404, 10011, "Unknown Role")


def unknown_event() -> ApiError:
    return ApiError(404, 10070, "Unknown Guild Scheduled Event")


def over_event() -> ApiError:
    return ApiError(400, 180000, "Cannot update a finished event")


def missing_tag() -> ApiError:
    return ApiError(400, 40067, "A tag is required to create a forum post in this channel")


def wrong_channel_type() -> ApiError:
    return ApiError(400, 50024, "Cannot execute action on this channel type")


def forum_message() -> ApiError:
    return ApiError(400, 40058, "Cannot send a message in a forum channel")


def unknown_webhook() -> ApiError:
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    return ApiError(404, 10062, "Unknown interaction")


def unknown_command() -> ApiError:
    return ApiError(404, 10063, "Unknown application command")


def too_large() -> ApiError:
    return ApiError(413, 40005, "Request entity too large")


def already_acknowledged() -> ApiError:
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def missing_access() -> ApiError:
    return ApiError(403, 50001, "Missing Access")


def not_yours() -> ApiError:
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> ApiError:
    return ApiError(400, 50006, "Cannot send an empty message")


def closed_to_messages() -> ApiError:
    return ApiError(403, 50007, "Cannot send messages to this user")


def not_text() -> ApiError:
    return ApiError(400, 50008, "Cannot send messages in a non-text channel")


def missing_permissions() -> ApiError:
    return ApiError(403, 50013, "Missing Permissions")


def expired_token() -> ApiError:
    return ApiError(401, 50027, "Invalid Webhook Token")


def archived_thread() -> ApiError:
    return ApiError(400, 50083, "Thread is archived")


def bad_json() -> ApiError:
    return ApiError(400, 50109, "The request body contains invalid JSON.")


def no_mutual_guild() -> ApiError:
    return ApiError(403, 50278, "Cannot send messages to this user due to having no mutual guilds")


def no_history() -> ApiError:
    return ApiError(400, 160002, "Cannot reply without permission to read message history")


def locked_thread() -> ApiError:
    return ApiError(403, 160005, "Thread is locked")


def invalid_form(faults: Iterable[Fault]) -> ApiError:
    """50035, each fault nested under the keys that lead to it."""
    errors: Json = {}
    for path, code, message in faults:
        node = errors
        for key in path:
            node = node.setdefault(str(key), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})
    return ApiError(400, 50035, "Invalid Form Body", errors)


def refuse(faults: Iterable[Fault]) -> None:
    """Raise `invalid_form` if there is any fault."""
    found = list(faults)
    if found:
        raise invalid_form(found)
