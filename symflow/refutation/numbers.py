"""The two number systems of the refuter: exact rationals and ball arithmetic, behind one interface.

Why two: a separation of two rational values is a refutation by itself, so statements of polynomials, inverses and
determinants are evaluated in FLINT's rationals. Exponentials and roots leave the rationals; there, Arb's balls
carry a proved error bound, and two disjoint balls separate two values as surely as two unequal fractions.

Nothing here decides a sign by rounding: a ball that touches zero raises :class:`UndecidedError`, and the caller repeats
the evaluation with more digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, Protocol

from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

from symflow.errors import UndefinedError

Number = Any  # fmpq or arb: FLINT's own types, which share their operators but no base class
Matrix = Any  # fmpq_mat or arb_mat


class UndecidedError(UndefinedError):
    """A ball is too wide to tell the sign of a value; more digits may settle it."""


class NumberSystem(Protocol):
    """What the evaluator needs of a field: matrices, signs and inverses."""

    exact: bool

    def number(self, value: fmpq) -> Number:
        """The image of a rational."""

    def matrix(self, rows: int, cols: int, entries: Sequence[Number]) -> Matrix:
        """A matrix from its entries, row by row."""

    def convert(self, matrix: fmpq_mat) -> Matrix:
        """The image of a rational matrix."""

    def sign(self, value: Number) -> int:
        """-1, 0 or 1; raises UndecidedError for a ball around zero."""

    def is_zero(self, value: Number) -> bool:
        """Whether the value is zero; raises UndecidedError where that is open."""

    def invert(self, matrix: Matrix) -> Matrix:
        """The inverse; raises UndefinedError for a singular matrix."""


class Rationals:
    """Exact rational numbers (FLINT's fmpq)."""

    exact = True

    def number(self, value: fmpq) -> fmpq:
        """The rational itself."""
        return value

    def matrix(self, rows: int, cols: int, entries: Sequence[fmpq]) -> fmpq_mat:
        """A rational matrix from its entries, row by row."""
        return fmpq_mat(rows, cols, entries)

    def convert(self, matrix: fmpq_mat) -> fmpq_mat:
        """The rational matrix itself."""
        return matrix

    def sign(self, value: fmpq) -> int:
        """-1, 0 or 1."""
        return (value > 0) - (value < 0)

    def is_zero(self, value: fmpq) -> bool:
        """Whether the value is zero."""
        return not value

    def invert(self, matrix: fmpq_mat) -> fmpq_mat:
        """The inverse; raises UndefinedError for a singular matrix."""
        try:
            return matrix.inv()
        except ZeroDivisionError:
            raise UndefinedError("the inverse of a singular matrix has no value") from None


class Balls:
    """Real balls with a rigorous radius (Arb), at the working precision that :func:`precision` sets."""

    exact = False

    def number(self, value: fmpq) -> arb:
        """A ball around the rational, of radius zero where it is dyadic."""
        return arb(value)

    def matrix(self, rows: int, cols: int, entries: Sequence[arb]) -> arb_mat:
        """A ball matrix from its entries, row by row."""
        return arb_mat(rows, cols, entries)

    def convert(self, matrix: fmpq_mat) -> arb_mat:
        """Balls around the entries of a rational matrix."""
        return arb_mat(matrix)

    def sign(self, value: arb) -> int:
        """-1, 0 (an exact zero) or 1; raises UndecidedError for any other ball that touches zero."""
        if value > 0:
            return 1
        if value < 0:
            return -1
        if value.is_zero():
            return 0
        raise UndecidedError("the sign of a value is not decided at the working precision")

    def is_zero(self, value: arb) -> bool:
        """Whether the value is zero; raises UndecidedError for a ball around zero that is not exact."""
        return self.sign(value) == 0

    def invert(self, matrix: arb_mat) -> arb_mat:
        """The inverse; raises UndecidedError where the ball matrix is not certainly invertible."""
        try:
            return matrix.inv()
        except ZeroDivisionError:
            raise UndecidedError("a matrix is not certainly invertible at the working precision") from None


RATIONALS = Rationals()
BALLS = Balls()


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Set Arb's working precision for a block and restore it afterwards."""
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def to_fmpq(value: Fraction | int) -> fmpq:
    """A Python rational as FLINT's.

    >>> to_fmpq(Fraction(1, 3))
    1/3
    """
    fraction = Fraction(value)
    return fmpq(fraction.numerator, fraction.denominator)


def to_fraction(value: fmpq) -> Fraction:
    """FLINT's rational as Python's.

    >>> to_fraction(fmpq(-2, 4))
    Fraction(-1, 2)
    """
    return Fraction(int(value.p), int(value.q))
