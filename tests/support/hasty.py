"""The shipped bot, but that it looks for owners who left all the time, not each once a day.

`python hasty.py` runs `dormouse run`. Nothing of the product knows of this.
"""

from __future__ import annotations

from datetime import timedelta

from core.servers import left_owners

if __name__ == "__main__":
    left_owners.EVERY = left_owners.ROUND = timedelta(seconds=0.5)
    from bot.__main__ import main

    main(["run"])
