"""A look at the characters of a statement before Python's parser sees it.

Everything outside the small alphabet of the claims language stops here, with its column: strings, braces,
colons, comments, null bytes, letters that only look like ASCII. So do numbers and names of unreasonable
length, and nesting that would exhaust the parser. What passes contains no token that the language does not know.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from symflow.claims.limits import MAX_DIGITS, MAX_NAME, MAX_NESTING, MAX_SCALE, MAX_STATEMENT
from symflow.errors import ClaimError

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n\f]+)
    |(?P<number>(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<operator>==|\*\*|[-+*/@().,=\[\]])""",
    re.VERBOSE,
)
_DECIMAL = re.compile(r"(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?")
_HINTS = {
    "^": "powers are written X**2",
    "'": "the transpose is written X.T; there are no strings",
    '"': "there are no strings in a statement",
    "#": "there are no comments inside a statement",
    ":": "symbols are declared outside the statement",
    ";": "one statement at a time",
    "{": "group with parentheses",
    "<": "a statement is an equality, e1 == e2",
    ">": "a statement is an equality, e1 == e2",
    "!": "a statement is an equality, e1 == e2",
    "\u2212": "the minus sign is the ASCII hyphen -",
    "\u00b7": "products are written @, or * where one factor is a scalar",
    "\u00d7": "products are written @, or * where one factor is a scalar",
    "\u22a4": "the transpose is written X.T",
}
_WHITESPACE = str.maketrans("\t\r\n\f", "    ")


def scan(text: str) -> str:
    r"""The text with every kind of whitespace turned into a space, if each of its tokens is one of the language.

    Columns are kept: character k of the result stands where character k of the text stood.

    Raises:
        ClaimError: with the column of the first offending character.

    >>> scan("A ==\n  B")
    'A ==   B'
    >>> scan("A ^ 2")
    Traceback (most recent call last):
    ...
    symflow.errors.ClaimError: the character '^' is not part of the language; powers are written X**2
    """
    if len(text) > MAX_STATEMENT:
        raise ClaimError(f"the statement has {len(text)} characters; the bound is {MAX_STATEMENT}")
    open_brackets: list[tuple[str, int]] = []
    place = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise ClaimError(_foreign(text[place]), position=place + 1)
        if token.lastgroup == "operator":
            _follow_brackets(token[0], place, open_brackets)
        elif token.lastgroup != "space":
            _require_reasonable(text, token)
        place = token.end()
    if open_brackets:
        bracket, place = open_brackets[-1]
        raise ClaimError(f"{bracket!r} is never closed", position=place + 1)
    return text.translate(_WHITESPACE)


def _foreign(character: str) -> str:
    if character.isascii() and character.isprintable():
        shown = repr(character)
    else:
        shown = f"U+{ord(character):04X} ({unicodedata.name(character, 'unnamed')})"
    hint = _HINTS.get(character)
    if hint is None:
        hint = "see the claims format for its operators" if character.isascii() else "names and operators are ASCII"
    return f"the character {shown} is not part of the language; {hint}"


def _follow_brackets(operator: str, place: int, open_brackets: list[tuple[str, int]]) -> None:
    if operator in "([":
        if len(open_brackets) == MAX_NESTING:
            raise ClaimError(f"more than {MAX_NESTING} brackets are open at once", position=place + 1)
        open_brackets.append((operator, place))
    elif operator in ")]":
        if not open_brackets or open_brackets[-1][0] != "(["[")]".index(operator)]:
            raise ClaimError(f"{operator!r} closes nothing", position=place + 1)
        open_brackets.pop()
    elif operator == "=" and not open_brackets:
        raise ClaimError("a single '=' states nothing; an equality is written e1 == e2", position=place + 1)


def _require_reasonable(text: str, token: re.Match[str]) -> None:
    place = token.start()
    if token.lastgroup == "name":
        if len(token[0]) > MAX_NAME:
            raise ClaimError(f"a name of {len(token[0])} characters; the bound is {MAX_NAME}", position=place + 1)
        return
    following = text[token.end() : token.end() + 1]
    if following.isalnum() or following == "_":
        raise ClaimError(
            f"a number runs into {following!r}; numbers are decimal and a product needs its *", position=token.end() + 1
        )
    read_number(token[0], place + 1)


def read_number(source: str, position: int | None = None) -> Fraction:
    """The exact value of a decimal literal.

    Raises:
        ClaimError: more digits or a larger exponent than :mod:`symflow.claims.limits` allows.

    >>> read_number("0.1"), read_number("1.5e-3"), read_number("1_000")
    (Fraction(1, 10), Fraction(3, 2000), Fraction(1000, 1))
    """
    if len(source) > MAX_DIGITS:
        raise ClaimError(f"a number of {len(source)} characters; the bound is {MAX_DIGITS}", position=position)
    parts = _DECIMAL.fullmatch(source.replace("_", ""))
    if parts is None:
        raise ClaimError(f"{source!r} is not a decimal number", position=position)
    whole, decimals, scale = parts[1], parts[2] or "", int(parts[3] or 0)
    if abs(scale) > MAX_SCALE:
        raise ClaimError(f"the exponent of {source} is beyond the bound of {MAX_SCALE}", position=position)
    return Fraction(int(whole + decimals)) * Fraction(10) ** (scale - len(decimals))
