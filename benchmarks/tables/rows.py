"""Rows of the tables, and what to write where there is no number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from capped import Turns, in_turns
from peers import missing

Work = Callable[[], Any]


def heading(*columns: str) -> None:
    """First two lines of a table."""
    row(columns)
    row(["---"] * len(columns))


def row(cells: Sequence[object]) -> None:
    """One line of a table, printed at once."""
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def beside(ours: Work, name: str, theirs: Work, seconds: float) -> tuple[Turns | None, str]:
    """Times of a program and of ours in turns, or None and the reason; the name begins with that of the package."""
    if name.split(maxsplit=1)[0] in missing():
        return None, "not installed"
    try:
        turns = in_turns(ours, theirs, seconds)
    except ArithmeticError as failure:
        return None, str(failure)
    return turns, "" if turns else f"> {seconds:g} s of CPU time"


def small(number: float | None) -> str:
    """An error with one digit, a dash for none."""
    return "–" if number is None else f"{number:.0e}"


def times(ratio: float) -> str:
    """A ratio with two digits."""
    return f"× {ratio:.2g}" if ratio < 100 else f"× {ratio:.0f}"


def bind(adapter: Callable[..., Work], *arguments: object) -> Work:
    """The adapter for a problem, to be called in the process that runs it."""
    return partial(adapter, *arguments)
