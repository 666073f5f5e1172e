"""Pure: snapshots in words, for every face."""

from __future__ import annotations

from core.servers.worlds import BEFORE_FILES, BEFORE_RESTORE, IMPORTED
from core.text import count, say
from core.text.marks import Marks
from core.worlds.listing import Snapshot


def remark(each: Snapshot, language: str, marks: Marks) -> list[str]:
    """What it lacks, why it was taken, and whether somebody else hid it."""
    notes = {
        BEFORE_RESTORE: "snapshots.before_restore",
        BEFORE_FILES: "snapshots.before_files",
        IMPORTED: "snapshots.imported",
    }
    note = say(language, notes[each.note]) if each.note in notes else marks.typed(each.note)
    doubt = say(language, "snapshots.hidden") if each.hidden else ""
    lacks = count(language, "snapshots.lacks", each.gaps.files) if each.gaps.files else ""
    other = count(language, "snapshots.others", each.gaps.others) if each.gaps.others else ""
    return [part for part in (lacks, note if each.note else "", doubt, other) if part]
