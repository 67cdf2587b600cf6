"""Bytes of a claims file, as a table, in bounded time: TOML from strangers, before anything looks at its meaning.

Python's TOML reader takes quadratic time on long dotted keys and recurses on nested brackets. Claims files need
neither, so a scan of what stands outside strings refuses both before the reader sees them.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

from symflow.claims.limits import MAX_BRACKETS, MAX_DOTS, MAX_FILE
from symflow.errors import ClaimError

_OUTSIDE = re.compile(
    r"""\"{3}(?:[^\\]|\\.)*?\"{3,5}|'{3}.*?'{3,5}  # strings over several lines, whose line ends count too
    |"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|\#[^\n]*    # strings on one line, comments
    |(?P<mark>[.\n\[\]{}])
    |(?P<unclosed>["'])""",
    re.DOTALL | re.VERBOSE,
)
_PLACE = re.compile(r" \(at (line \d+, column \d+|end of document)\)$")


def read_table(path: Path) -> dict[str, Any]:
    """The TOML table in a file.

    Raises:
        ClaimError: the file cannot be read, is too big, or is not UTF-8 or TOML; names the file and the place.
    """
    try:
        return parse_table(_read_bounded(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        problem = f"not UTF-8: byte {error.start + 1} of the file is 0x{error.object[error.start]:02x}"
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path, or a ClaimError
        problem = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)
    raise ClaimError(f"{path}: {problem}")


def _read_bounded(path: Path) -> bytes:
    # Non-blocking, because opening a named pipe that nobody writes to would otherwise wait for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise ClaimError("not a regular file")
        if about.st_size > MAX_FILE:
            raise ClaimError(f"{about.st_size} bytes; the bound is {MAX_FILE}, split it into several files")
        content = bytearray()
        while len(content) <= MAX_FILE and (piece := os.read(descriptor, MAX_FILE + 1 - len(content))):
            content += piece
        if len(content) > MAX_FILE:
            raise ClaimError(f"more than {MAX_FILE} bytes, the bound; split it into several files")
        return bytes(content)
    finally:
        os.close(descriptor)


def parse_table(text: str) -> dict[str, Any]:
    """The table that a TOML text describes.

    Raises:
        ClaimError: with line and column where the TOML reader gives them.

    >>> parse_table('title = "a"')
    {'title': 'a'}
    >>> parse_table("title = ")
    Traceback (most recent call last):
    ...
    symflow.errors.ClaimError: not TOML: line 1, at its end: Invalid value
    """
    _refuse_costly(text)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: TOMLDecodeError, or an integer of too many digits
        place = _PLACE.search(str(error))
        where = "" if place is None else f"{place[1]}: "
        if where.startswith("end"):
            where = f"line {1 + text.count(chr(10))}, at its end: "
        raise ClaimError(f"not TOML: {where}{_PLACE.sub('', str(error))}") from None


def _refuse_costly(text: str) -> None:
    line, dots, depth = 1, 0, 0
    for piece in _OUTSIDE.finditer(text):
        mark = piece["mark"]
        if piece["unclosed"]:  # going on behind it would try every later quote up to the end of the file
            raise ClaimError(f"not TOML: line {line}: a string is never closed")
        if mark is None:
            line += piece[0].count("\n")
        elif mark == "\n":
            line, dots = line + 1, 0
        elif mark == ".":
            dots += 1
        else:
            depth += 1 if mark in "[{" else -1
        if dots > MAX_DOTS:
            raise ClaimError(f"not a claims file: line {line}: more than {MAX_DOTS} dots outside strings")
        if depth > MAX_BRACKETS:
            raise ClaimError(f"not a claims file: line {line}: more than {MAX_BRACKETS} brackets open at once")
