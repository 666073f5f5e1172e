"""Pure: a server's name as typed, and the key under which two names are the same."""

from __future__ import annotations

import unicodedata

from core.errors import BadInput

SHORTEST, LONGEST = 2, 32
MOST_MARKS = 4
"""Marks on one letter: no script needs more (Unicode Technical Standard 39, section 5.4), a tower of them does."""


def clean(typed: str) -> str:
    """The name to keep: 2-32 letters of any script, digits, spaces and `-`. BadInput says what may stand in it."""
    name = spaced(typed)
    if not SHORTEST <= len(name) <= LONGEST:
        raise BadInput("name.length", shortest=SHORTEST, longest=LONGEST)
    if not all(char in " -" or (unicodedata.category(char)[0] in "LMN" and not _blank(char)) for char in name):
        raise BadInput("name.characters")
    if not any(unicodedata.category(char)[0] in "LN" for char in name) or _stacked(name):
        raise BadInput("name.characters")
    return name


def spaced(typed: str) -> str:
    """With one space between words, whatever was between them: what is pasted brings tabs and line breaks."""
    return " ".join(unicodedata.normalize("NFC", typed).split())


def key(name: str) -> str:
    """Equal for names that people would take for one another: those that differ only in case, width, spacing, the
    encoding of accents, characters that show as nothing, or in letters of another script that look the same.

    Digits stay what they are, and letters of one script are never equal: `Hill 1` is not `Hi11 1`. Scripts may be
    mixed. The idea is the skeleton of Unicode Technical Standard 39; unlike there, case does not matter.
    """
    shown = "".join(char for char in spaced(name) if unicodedata.category(char)[0] not in "C" and not _blank(char))
    folded = unicodedata.normalize("NFKC", " ".join(shown.translate(_LUNATE).split())).casefold()
    looks = unicodedata.normalize("NFD", folded).translate(_LOOKS).replace("i\u0307", "i")
    return unicodedata.normalize("NFC", looks)


_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


def _blank(char: str) -> bool:
    """Letters and marks that show as nothing (Default_Ignorable_Code_Point in DerivedCoreProperties.txt)."""
    code = ord(char)
    selector = 0x180B <= code <= 0x180F or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    return selector or char in _BLANK


def _stacked(name: str) -> bool:
    """Whether a mark stands on nothing, or too many stand on one letter."""
    marks = MOST_MARKS  # none may come first
    for char in name:
        if unicodedata.category(char)[0] != "M":
            marks = MOST_MARKS if char in " -" else 0
        elif (marks := marks + 1) > MOST_MARKS:
            return True
    return False


# The NFKC form of the lunate sigma is an ordinary one, which does not look like a c.
_LUNATE = str.maketrans("ϲϹ", "cC")

# Letters after case folding, each with the one of a to z that it looks like: as a small letter, else as a capital.
# From confusables.txt of Unicode Technical Standard 39, version 15.1: the scripts that people and phones can type.
_PAIRS = """
    ıi ɑa ɡg ɩi ɪi ʋu ʏy ᴄc ᴏo ᴜu ᴠv ᴡw ᴢz ꜱs ɯw ɣy ƽs
    αa βb γy εe ζz ηh ιi κk μm νv οo ρp σo τt υu χx ϝf ϳj ϻm
    аa вb гr еe кk мm нh оo рp сc тt уy хx ьb ѕs іi јj ѡw ѵv үy һh ҽe ӏl ԁd ԍg ԛq ԝw ꙇi
    աw գq զq հh ոn ռn սu տs ցg օo քf
    ⲅr ⲏh ⲓi ⲕk ⲙm ⲛn ⲟo ⲣp ⲥc ⲧt ⲩy ⲭx ⳑl
    Ꭰd Ꭱr Ꭲt Ꭵi Ꭹy Ꭺa Ꭻj Ꭼe Ꮃw Ꮇm Ꮋh Ꮍy Ꮐg Ꮒh Ꮓz Ꮟb Ꮢr Ꮤw Ꮥs Ꮩv Ꮪs Ꮮl Ꮯc Ꮲp Ꮶk Ꮷd Ᏻg Ᏼb
    ꓐb ꓑp ꓓd ꓔt ꓖg ꓗk ꓙj ꓚc ꓜz ꓝf ꓟm ꓠn ꓡl ꓢs ꓣr ꓦv ꓧh ꓪw ꓫx ꓬy ꓮa ꓰe ꓲi ꓳo ꓴu
"""
_LOOKS = {ord(pair[0]): pair[1] for pair in _PAIRS.split()}
