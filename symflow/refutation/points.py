"""Points: concrete dimensions, rational matrices, data, weights and functions at which a statement is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flint import fmpq, fmpq_mat

from symflow.errors import KindError, LimitError
from symflow.expr.shapes import Dim, Shape

MAX_ENTRIES = 400  # of a matrix


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """An exact instance of every symbol of a statement.

    ``values[name]`` holds one matrix, or one per data point for a family; scalars are 1 x 1 and vectors n x 1.
    ``functions[name]`` holds the coefficients of the polynomial that stands for a function, constant term first.
    ``weights`` holds one positive weight per data point; every data sum uses them.
    """

    sizes: Mapping[str, int]
    values: Mapping[str, tuple[fmpq_mat, ...]]
    weights: tuple[fmpq, ...] = (fmpq(1),)
    functions: Mapping[str, tuple[fmpq, ...]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The number of data points."""
        return len(self.weights)

    def with_value(self, name: str, member: int, matrix: fmpq_mat) -> Point:
        """The same point with another matrix for one symbol, or for one member of a family."""
        members = list(self.values[name])
        members[member] = matrix
        return replace(self, values={**self.values, name: tuple(members)})


def extent(dim: Dim, sizes: Mapping[str, int]) -> int:
    """The size of a dimension; raises KindError for a name without one.

    >>> extent("n", {"n": 3}), extent(2, {})
    (3, 2)
    """
    if isinstance(dim, int):
        return dim
    try:
        return sizes[dim]
    except KeyError:
        raise KindError(f"the dimension {dim} has no size at this point; give it one") from None


def size_of(shape: Shape, sizes: Mapping[str, int]) -> tuple[int, int]:
    """Rows and columns of a shape; raises LimitError for matrices of more entries than the bound."""
    rows, cols = extent(shape[0], sizes), extent(shape[1], sizes)
    if rows * cols > MAX_ENTRIES:
        raise LimitError(f"a {rows} x {cols} matrix has more than {MAX_ENTRIES} entries; use smaller dimensions")
    return rows, cols
