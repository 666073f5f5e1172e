"""Pure: what follows from a refusal of Discord's. One table of its JSON error codes, for all that we ask of it.

The codes and their meanings: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json-json-error-codes
(read in November 2026). What is not listed there or here goes by its HTTP status.
"""

from __future__ import annotations

from enum import StrEnum

import discord


class Then(StrEnum):
    """What may be done about a refusal."""

    DEAD = "dead"  # this place takes nothing of ours, whatever it is: the next place
    UNWANTED = "unwanted"  # this place does not take this message: the next place
    GONE = "gone"  # the message that was to be changed is not there, or is not ours
    OPEN = "open"  # the thread is archived: open it once, else it is dead
    PLAIN = "plain"  # it cannot be a reply: send it as a message of its own, once, else it is dead
    OVER = "over"  # nobody waits for this answer any more
    AGAIN = "again"  # it heals by itself
    UNKNOWN = "unknown"  # nobody knows: a few tries, then it is unwanted


TRIES = 3
"""So often is a message sent to a place that refuses it for a reason that nobody knows."""

CODES: dict[int, tuple[Then, str]] = {
    10003: (Then.DEAD, "Unknown channel"),
    10004: (Then.DEAD, "Unknown guild"),
    10007: (Then.DEAD, "Unknown member"),
    10008: (Then.GONE, "Unknown message"),
    10013: (Then.DEAD, "Unknown user"),
    10015: (Then.OVER, "Unknown webhook: of an interaction that nobody can answer any more"),
    10062: (Then.OVER, "Unknown interaction"),
    20001: (Then.DEAD, "Bots cannot use this endpoint"),
    20009: (Then.UNWANTED, "Explicit content cannot be sent to the desired recipient(s)"),
    20016: (Then.AGAIN, "This action cannot be performed due to slowmode rate limit"),
    20022: (Then.AGAIN, "This message cannot be edited due to announcement rate limits"),
    20028: (Then.AGAIN, "The write action you are performing on the channel has hit the write rate limit"),
    20029: (Then.AGAIN, "The write action you are performing on the server has hit the write rate limit"),
    30046: (Then.AGAIN, "Maximum number of edits to messages older than 1 hour reached. Try again later"),
    40001: (Then.AGAIN, "Unauthorized: no message's fault, but the token's; the gateway ends the process"),
    40003: (Then.AGAIN, "You are opening direct messages too fast"),
    40004: (Then.AGAIN, "Send messages has been temporarily disabled"),
    40006: (Then.AGAIN, "This feature has been temporarily disabled server-side"),
    40007: (Then.DEAD, "The user is banned from this guild"),
    40058: (Then.DEAD, "Cannot send a message in a forum channel"),
    40060: (Then.OVER, "Interaction has already been acknowledged"),
    40062: (Then.AGAIN, "Service resource is being rate limited"),
    40066: (Then.DEAD, "There are no tags available that can be set by non-moderators: in a forum that asks for one"),
    40067: (Then.DEAD, "A tag is required to create a forum post in this channel"),
    40094: (Then.OVER, "This interaction has hit the maximum number of follow up messages"),
    40333: (Then.AGAIN, "Cloudflare is blocking your request"),
    50001: (Then.DEAD, "Missing access"),
    50003: (Then.DEAD, "Cannot execute action on a DM channel"),
    50005: (Then.GONE, "Cannot edit a message authored by another user: it is of another bot's time"),
    50007: (Then.DEAD, "Cannot send messages to this user"),
    50008: (Then.DEAD, "Cannot send messages in a non-text channel"),
    50009: (Then.DEAD, "Channel verification level is too high for you to gain access"),
    50013: (Then.DEAD, "You lack permissions to perform that action"),
    50014: (Then.AGAIN, "Invalid authentication token provided"),
    50021: (Then.GONE, "Cannot execute action on a system message"),
    50024: (Then.DEAD, "Cannot execute action on this channel type"),
    50027: (Then.OVER, "Invalid webhook token: the interaction is older than 15 minutes"),
    50033: (Then.DEAD, "Invalid Recipient(s)"),
    50055: (Then.DEAD, "Invalid Guild"),
    50083: (Then.OPEN, "Tried to perform an operation on an archived thread"),
    50095: (Then.DEAD, "This server is not available in your location"),
    50278: (Then.DEAD, "Cannot send messages to this user due to having no mutual guilds"),
    130000: (Then.AGAIN, "API resource is currently overloaded. Try again a little later"),
    160002: (Then.PLAIN, "Cannot reply without permission to read message history"),
    160005: (Then.DEAD, "Thread is locked"),
    160006: (Then.DEAD, "Maximum number of active threads reached: this one cannot be opened"),
    160007: (Then.DEAD, "Maximum number of active announcement threads reached"),
    200000: (Then.UNWANTED, "Message was blocked by automatic moderation"),
    240000: (Then.UNWANTED, "Message blocked by harmful links filter"),
}

NOT_THERE = frozenset({10007, 10013})
"""Of these, what says that somebody is no member of a guild."""

_INVALID_FORM = 50035
_CLOSED = (10003, 50083, 160005, 160006)
_NOBODYS_FAULT = (401, 408, 429)
"""The token is not taken, the request took too long, there were too many: whatever the message is."""


def then(refused: discord.HTTPException) -> Then:
    if refused.code in CODES:
        return CODES[refused.code][0]
    if refused.code == _INVALID_FORM and "In message_reference" in refused.text:
        return Then.PLAIN  # the message that it answers to was deleted, or is a system message
    if refused.status >= 500 or refused.status in _NOBODYS_FAULT:
        return Then.AGAIN
    return Then.UNKNOWN


def closes(refused: discord.HTTPException) -> bool:
    """Whether one thread takes nothing more: it is gone, locked, or cannot be opened again."""
    return refused.code in _CLOSED


def ends_answer(refused: discord.HTTPException) -> bool:
    """Whether an interaction can be answered no more: it is too late, or the bot lost the guild, the channel or the
    message meanwhile. That is nobody's fault."""
    return then(refused) not in (Then.AGAIN, Then.UNKNOWN) or refused.status in (401, 403, 404)


def in_short(wrong: Exception) -> str:
    """One line for the log: what comes from in front of Discord is a page of HTML."""
    if not isinstance(wrong, discord.HTTPException):
        return str(wrong) or type(wrong).__name__
    first = wrong.text.strip().partition("\n")[0]
    return f"{wrong.status} (code {wrong.code}) {first[:200]}".strip()
