"""Whether the two sides of a statement differ at a point: proved apart, proved equal, or equal to many digits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import log10

from flint import arb

from symflow.errors import UndefinedError
from symflow.refutation.deadlines import Deadline
from symflow.refutation.evaluation import Evaluator
from symflow.refutation.numbers import BALLS, RATIONALS, Matrix, Number, UndecidedError, precision
from symflow.refutation.points import Point
from symflow.refutation.programs import Program

PRECISIONS = (128, 512)  # bits of ball arithmetic: the second where the first leaves something open
DIGITS = 20  # balls that overlap count as agreement once they are this narrow


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides of a statement at a point, and the first entry where they are proved to differ.

    For an inequality, to *differ* is to violate it.
    """

    left: Matrix
    right: Matrix
    place: tuple[int, int] | None  # row and column of a proved difference, counted from 0
    bound: dict[str, int]  # data points that stand for indices without a sum
    digits: float | None  # how far equality was seen; None for exact equality

    @property
    def differ(self) -> bool:
        """Whether the sides are proved to be different."""
        return self.place is not None


def compare(program: Program, point: Point, deadline: Deadline | None = None) -> Comparison:
    """Evaluate both sides of a prepared statement.

    Exactly in rationals where no transcendental function occurs, else in balls of growing precision. Raises
    UndefinedError where a side has no value or stays undecided, LimitError beyond the bounds on size and time.
    """
    return _compare(program, 0, point, deadline)


def satisfied(program: Program, point: Point, deadline: Deadline | None = None) -> bool:
    """Whether every hypothesis of a prepared statement holds exactly at a point."""
    try:
        outcomes = (_compare(program, k, point, deadline) for k in range(1, len(program.sides)))
        return all(not outcome.differ and outcome.digits is None for outcome in outcomes)
    except UndefinedError:
        return False


def _compare(program: Program, which: int, point: Point, deadline: Deadline | None) -> Comparison:
    if program.rational[which]:
        return _attempt(program, which, Evaluator(point, RATIONALS, deadline))
    for bits in PRECISIONS:
        with precision(bits):
            try:
                return _attempt(program, which, Evaluator(point, BALLS, deadline))
            except UndecidedError as error:
                open_question = error
    raise UndefinedError(f"{open_question}, even with {PRECISIONS[-1]} bits; such a point is left out")


def _attempt(program: Program, which: int, evaluator: Evaluator) -> Comparison:
    digits: float | None = None
    free = program.free
    for members in product(range(evaluator.point.count), repeat=len(free)):
        bound = dict(zip(free, members, strict=True))
        lhs, rhs = program.sides[which]
        left, right = evaluator.value(lhs, bound), evaluator.value(rhs, bound)
        relation = "==" if which else program.relation
        if relation == "==":
            place, seen = _difference(left, right, evaluator.numbers.exact)
        else:
            place, seen = _violation(left, right, relation, evaluator.numbers.exact)
        if place is not None:
            return Comparison(left, right, place, bound, None)
        if seen is not None:
            digits = seen if digits is None else min(digits, seen)
    return Comparison(left, right, None, bound, digits)


def _difference(left: Matrix, right: Matrix, exact: bool) -> tuple[tuple[int, int] | None, float | None]:
    if exact and left == right:
        return None, None
    digits: float | None = None
    undecided = False
    for row, col in _places(left):
        x, y = left[row, col], right[row, col]
        if exact:
            if x != y:
                return (row, col), None
            continue
        gap = x - y
        if not gap.is_finite():
            undecided = True
        elif not gap.contains(0):
            return (row, col), None
        elif not gap.is_zero():
            seen = _digits(gap, x)
            undecided |= seen < DIGITS
            digits = seen if digits is None else min(digits, seen)
    if undecided:
        raise UndecidedError("the two sides are not told apart, and are not known to enough digits")
    return None, digits


def _violation(left: Matrix, right: Matrix, relation: str, exact: bool) -> tuple[tuple[int, int] | None, float | None]:
    """Whether an inequality between two numbers is proved to fail; like :func:`_difference` where it holds."""
    excess = left[0, 0] - right[0, 0] if relation == ">=" else right[0, 0] - left[0, 0]
    if excess < 0:
        return (0, 0), None
    if exact or excess >= 0:
        return None, None
    seen = _digits(excess, left[0, 0])
    if not excess.is_finite() or seen < DIGITS:
        raise UndecidedError("the order of the two sides is not known, and they are not equal to enough digits")
    return None, seen


def _digits(gap: Number, size: Number) -> float:
    """To how many digits two overlapping balls are known to agree, relative to the larger of 1 and their size."""
    width = float((gap.abs_upper() / arb.max(arb(1), size.abs_upper())).mid())
    return -log10(width) if width > 0 else float("inf")


def _places(matrix: Matrix) -> Iterator[tuple[int, int]]:
    return ((i, j) for i in range(matrix.nrows()) for j in range(matrix.ncols()))
