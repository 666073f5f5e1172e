"""Teeworlds packs a packet by a Huffman code that never changes. How often it takes each byte to come is the table in
src/engine/shared/huffman.cpp of its repository; the code follows from that, and from the order in which two are
joined."""

from __future__ import annotations

from functools import cache

# fmt: off
_OFTEN = (
    1 << 30, 4545, 2657, 431, 1950, 919, 444, 482, 2244, 617, 838, 542, 715, 1814, 304, 240, 754, 212, 647, 186,
    283, 131, 146, 166, 543, 164, 167, 136, 179, 859, 363, 113, 157, 154, 204, 108, 137, 180, 202, 176,
    872, 404, 168, 134, 151, 111, 113, 109, 120, 126, 129, 100, 41, 20, 16, 22, 18, 18, 17, 19,
    16, 37, 13, 21, 362, 166, 99, 78, 95, 88, 81, 70, 83, 284, 91, 187, 77, 68, 52, 68,
    59, 66, 61, 638, 71, 157, 50, 46, 69, 43, 11, 24, 13, 19, 10, 12, 12, 20, 14, 9,
    20, 20, 10, 10, 15, 15, 12, 12, 7, 19, 15, 14, 13, 18, 35, 19, 17, 14, 8, 5,
    15, 17, 9, 15, 14, 18, 8, 10, 2173, 134, 157, 68, 188, 60, 170, 60, 194, 62, 175, 71,
    148, 67, 167, 78, 211, 67, 156, 69, 1674, 90, 174, 53, 147, 89, 181, 51, 174, 63, 163, 80,
    167, 94, 128, 122, 223, 153, 218, 77, 200, 110, 190, 73, 174, 69, 145, 66, 277, 143, 141, 60,
    136, 53, 180, 57, 142, 57, 158, 61, 166, 112, 152, 92, 26, 22, 21, 28, 20, 26, 30, 21,
    32, 27, 20, 17, 23, 21, 30, 22, 22, 21, 27, 25, 17, 27, 23, 18, 39, 26, 15, 21,
    12, 18, 18, 27, 20, 18, 15, 19, 11, 17, 33, 12, 18, 15, 19, 18, 16, 26, 17, 18,
    9, 10, 25, 22, 22, 17, 20, 16, 6, 16, 15, 20, 14, 18, 24, 335,
)
# fmt: on
_END = 256
_END_OFTEN = 1

Tree = int | tuple["Tree", "Tree"]
"""A byte, or what a bit of 0 and one of 1 lead to."""


@cache
def _tree() -> Tree:
    left: list[tuple[int, Tree]] = [*((often, byte) for byte, often in enumerate(_OFTEN)), (_END_OFTEN, _END)]
    while len(left) > 1:
        left.sort(key=lambda each: -each[0])  # which keeps the order of those that are as frequent
        (one_often, one), (zero_often, zero) = left[-2:]
        left[-2:] = [(one_often + zero_often, (zero, one))]
    return left[0][1]


def unpacked(data: bytes) -> bytes:
    """The bytes up to the mark of the end. Bits are taken from the lowest."""
    made, at = bytearray(), _tree()
    for byte in data:
        for place in range(8):
            assert isinstance(at, tuple)
            at = at[byte >> place & 1]
            if at == _END:
                return bytes(made)
            if isinstance(at, int):
                made.append(at)
                at = _tree()
    raise ValueError("it has no end")
