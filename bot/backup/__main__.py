"""One copy, by a process of its own: `python -m bot.backup`, database and store coming from the environment."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.backup.copies import DATABASE, take
from core.data.trouble import reason
from core.worlds.store import StoreError, open_store


def main() -> int:
    """Exit 0, or 1 with why on stdout, as core/worlds/process.py says."""
    try:
        store = open_store(os.environ["DORMOUSE_STORE"], os.environ)
        made = take(os.environ[DATABASE], Path.cwd(), store, datetime.now(UTC))
    except (StoreError, sqlite3.Error, DBAPIError, OSError) as wrong:
        detail = reason(wrong) if isinstance(wrong, DBAPIError) else str(wrong)
        print(json.dumps({"event": "failed", "kind": "failed", "detail": detail}))
        return 1
    print(json.dumps({"event": "done", "result": {"key": made.key, "size": made.size}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
