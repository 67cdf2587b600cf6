r"""Text from files of strangers, made safe to show: titles may hold terminal escapes or marks that reorder text."""

from __future__ import annotations

import re
import unicodedata

from symflow.expr.names import GREEK

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


def natural_order(text: str) -> tuple[tuple[str, int], ...]:
    """A key that sorts names as people do, by the numbers in them.

    >>> sorted(["b10", "b2", "a"], key=natural_order)
    ['a', 'b2', 'b10']
    """
    return tuple((word, int(number or -1)) for word, number in re.findall(r"([^0-9]*)([0-9]{0,9})", text))


_TYPOGRAPHIC = {"->": "→", "<=": "≤", ">=": "≥", "^T": "ᵀ", "^-1": "⁻¹", "^2": "²", "...": "…"}
_SPELLED = re.compile(
    rf"->|<=|>=|\^T(?![A-Za-z0-9])|\^-1(?![0-9])|\^2(?![0-9])|\.\.\.|(?<![A-Za-z])(?:{'|'.join(GREEK)})(?![A-Za-z])"
)


def typographic(text: str) -> str:
    """The text with Greek letters, arrows, transposes and inverses as signs.

    >>> typographic("tau -> R^T H R (x + beta_l) >= 0, in the kernel of a beta")
    'τ → Rᵀ H R (x + β_l) ≥ 0, in the kernel of a β'
    """
    return _SPELLED.sub(lambda found: _TYPOGRAPHIC.get(found[0]) or GREEK[found[0]], text)


def _shown(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in _UNSAFE:
        return character
    return character.encode("unicode_escape").decode("ascii")
