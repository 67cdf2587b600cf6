"""What a lowered expression is worth, entry by entry: the middle between a tree and its loops.

A value says how its entry at given indices is written. Sums, multiples, outer products and diagonal factors are written
where they are used; only what would be computed over and over again there is put into an array first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from symflow.expr.loop_text import ZERO, Text
from symflow.expr.shapes import Shape

Form = Literal["scalar", "column", "diagonal", "matrix"]
Entry = Callable[..., Text]
CHEAP = 2  # operations that are repeated sooner than kept in an array


@dataclass(frozen=True, slots=True)
class Value:
    """Entries of a scalar, a column, a diagonal matrix (by its diagonal) or a matrix.

    ``at`` takes no index, one, one, or two. Where ``sums`` is true it emits the loop of a sum before it answers.
    ``cost`` counts operations. A matrix may be a dense one (``dense``) plus a diagonal one (``along``).
    """

    form: Form
    shape: Shape
    at: Entry
    cost: int = 0
    sums: bool = False
    dense: Entry | None = None
    along: Entry | None = None

    @property
    def dear(self) -> bool:
        """Whether to keep it rather than to write it again and again."""
        return self.sums or self.cost > CHEAP


def no_entry(_a: str, _b: str) -> Text:
    """The dense part of a matrix that has none."""
    return ZERO


def as_matrix(value: Value) -> Value:
    """A diagonal matrix with its zeros; anything else as it is."""
    if value.form != "diagonal":
        return value
    entry = value.at
    return Value(
        "matrix", value.shape, lambda a, b: Text(f"({entry(a).text} if {a} == {b} else 0.0)"), value.cost,
        value.sums, no_entry, entry,
    )  # fmt: skip


def alike(x: Value, y: Value) -> tuple[Value, Value]:
    """Two values of one shape in one form."""
    return (x, y) if x.form == y.form else (as_matrix(x), as_matrix(y))


def mapped(change: Callable[[Text], Text], x: Value, cost: int = 1) -> Value:
    """A linear function of every entry."""
    dense, along = x.dense, x.along
    return Value(
        x.form, x.shape, lambda *at: change(x.at(*at)), x.cost + cost, x.sums,
        None if dense is None else lambda *at: change(dense(*at)),
        None if along is None else lambda a: change(along(a)),
    )  # fmt: skip


def combined(change: Callable[[Text, Text], Text], x: Value, y: Value) -> Value:
    """A function of the entries of two values of one form."""
    return Value(x.form, x.shape, lambda *at: change(x.at(*at), y.at(*at)), x.cost + y.cost + 1, x.sums or y.sums)


def added(change: Callable[[Text, Text], Text], x: Value, y: Value) -> Value:
    """The sum of two values of one shape, the diagonal parts of matrices kept apart."""
    first, second = alike(x, y)
    result = combined(change, first, second)
    if first.along is None and second.along is None:
        return result
    dense_first, dense_second = first.dense or first.at, second.dense or second.at
    along_first, along_second = first.along or (lambda _a: ZERO), second.along or (lambda _a: ZERO)
    return Value(
        result.form, result.shape, result.at, result.cost, result.sums,
        lambda a, b: change(dense_first(a, b), dense_second(a, b)),
        lambda a: change(along_first(a), along_second(a)),
    )  # fmt: skip
