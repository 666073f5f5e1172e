"""Pure: what games write for a terminal, as plain text."""

from __future__ import annotations

import re

# ECMA-48 (https://ecma-international.org/publications-and-standards/standards/ecma-48): control sequences, control
# strings up to their end, and the other escapes; each also where it breaks off.
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """Without colours and whatever else steers a terminal; tabs and line ends stay. A carriage return, by which a
    terminal writes over what stands before it, ends nothing and goes too."""
    if text.isprintable():
        return text
    return _CONTROLS.sub("", _SEQUENCES.sub("", text))
