"""`python -m core.activity.draw`: an SVG from stdin becomes a PNG on stdout, by resvg and with the fonts beside this.

A program of its own, because resvg lets no other thread of its process run, and a picture takes a tenth of a second.
Exit 3: resvg is not there.
"""

from __future__ import annotations

import sys
from pathlib import Path

FONTS = Path(__file__).with_name("fonts")
ZOOM = 4.0
"""A phone has three or four of its own dots to each of ours; on a desk the picture is wider."""
NOT_THERE = 3


def render(drawing: str) -> bytes:
    """Raises ImportError where there is no resvg for this machine, ValueError for what is no SVG."""
    from resvg_py import svg_to_bytes

    fonts = [str(each) for each in sorted(FONTS.glob("*.ttf"))]
    return bytes(svg_to_bytes(svg_string=drawing, zoom=ZOOM, skip_system_fonts=True, font_files=fonts))


def main() -> int:
    try:
        sys.stdout.buffer.write(render(sys.stdin.buffer.read().decode()))
    except ImportError:
        return NOT_THERE
    return 0


if __name__ == "__main__":
    sys.exit(main())
