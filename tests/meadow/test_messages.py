"""What players may send, and that nothing else gets through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demo.meadow.messages import CELLS_A_MESSAGE, Chat, Move, Plant, parse
from bot.demo.meadow.world import WIDTH, Cell, Kind


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ({"t": "move", "x": 1.5, "y": 2}, Move(1.5, 2.0)),
        ({"t": "plant", "cells": [[4, 5, "d"], [0, 0, "."]]}, Plant((Cell(4, 5, Kind.DAISY), Cell(0, 0, Kind.LAWN)))),
        ({"t": "chat", "text": " Hello\nthere "}, Chat("Hello there")),
    ],
)
def test_messages(message: dict[str, Any], meaning: object) -> None:
    assert parse(json.dumps(message)) == meaning


HOSTILE = [
    "",
    "{",
    "[" * 4000,
    "null",
    "[]",
    "{}",
    '{"t": ["move"]}',
    '{"t": "move"}',
    '{"t": "move", "x": NaN, "y": 0}',
    '{"t": "move", "x": Infinity, "y": 0}',
    '{"t": "move", "x": true, "y": 0}',
    '{"t": "move", "x": "1", "y": 0}',
    '{"t": "move", "x": 1' + "0" * 400 + ', "y": 0}',
    '{"t": "plant", "cells": []}',
    '{"t": "plant", "cells": {}}',
    '{"t": "plant", "cells": [[0, 0, "d"], [0, 0]]}',
    '{"t": "plant", "cells": [[0, 0, "dd"]]}',
    '{"t": "plant", "cells": [[0, 0, ""]]}',
    '{"t": "plant", "cells": [[0.5, 0, "d"]]}',
    '{"t": "plant", "cells": [[-1, 0, "d"]]}',
    f'{{"t": "plant", "cells": [[{WIDTH}, 0, "d"]]}}',
    '{"t": "plant", "cells": [[true, 0, "d"]]}',
    json.dumps({"t": "plant", "cells": [[0, 0, "d"]] * (CELLS_A_MESSAGE + 1)}),
    '{"t": "chat", "text": ""}',
    '{"t": "chat", "text": "\\u200b\\ud800"}',
    '{"t": "chat", "text": 7}',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_anything_else_is_no_message(text: str) -> None:
    assert parse(text) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["d", "~"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("txy"), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["move", "plant", "chat"]), JSON, JSON)
def test_no_content_raises(kind: str, first: object, second: object) -> None:
    parse(json.dumps({"t": kind, "x": first, "y": second, "cells": first, "text": second}))
