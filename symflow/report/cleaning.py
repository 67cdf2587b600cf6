r"""Text from files of strangers, made safe to show: titles may hold terminal escapes or marks that reorder text."""

from __future__ import annotations

import unicodedata

_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def visible(text: str) -> str:
    r"""The text with control, formatting and unassigned characters written out as escapes; line ends are kept.

    >>> visible("a\x1b[31m\u202eb")
    'a\\x1b[31m\\u202eb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def one_line(text: str, width: int | None = None) -> str:
    r"""The text on one line, with blanks run together, cut to ``width`` characters.

    >>> one_line("A ==\n\t B", 6)
    'A == B'
    >>> one_line("A == B", 4)
    'A =…'
    """
    flat = visible(" ".join(text.split()))
    return flat if width is None or len(flat) <= width else flat[: width - 1] + "…"


def _shown(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in _UNSAFE:
        return character
    return character.encode("unicode_escape").decode("ascii")
