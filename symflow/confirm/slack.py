"""The adversary of an inequality: from random points it goes where the slack gets smaller, and says how small it got.

Points drawn at random rarely come near a violation that fills little space. From the random points of least slack a
local search moves one entry at a time, by rational steps, and keeps what lessens the slack; structured matrices, which
one entry cannot leave, are drawn afresh. Every value is exact, or a ball with a proved radius: a violation found here
is a proof of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from flint import fmpq, fmpq_mat

from symflow.errors import LimitError, UndefinedError
from symflow.expr.order import Inequality
from symflow.expr.tree import Equation
from symflow.refutation.comparison import compare, satisfied
from symflow.refutation.counterexamples import Counterexample, describe
from symflow.refutation.deadlines import Deadline, DeadlineError
from symflow.refutation.draws import align, dimension_choices, draw_prepared, draw_value
from symflow.refutation.palettes import POSITIVE, SMALL, SPARSE, TINY
from symflow.refutation.points import Point
from symflow.refutation.programs import Program, prepare

ENTRYWISE = ("scalar", "vector", "matrix", "diagonal")  # kinds that any change of an entry stays in
POSITIVE_ENTRIES = ("positive_scalar", "positive_diagonal")
STEPS = (fmpq(1), fmpq(1, 2), fmpq(1, 4), fmpq(1, 16), fmpq(1, 64))
MAX_HEIGHT = 12  # bits of a moved entry, so that numbers stay short


@dataclass(frozen=True)
class Slack:
    """The least slack (greater minus smaller side) that was seen where an inequality holds."""

    least: float
    points: int

    def __str__(self) -> str:
        least = f"{self.least:.1e}" if self.least else "0, attained"
        return f"not violated at {self.points} points, least slack {least}"


def least_slack(
    inequality: Inequality, *, points: int, descents: int, steps: int, seconds: float,
    hypotheses: tuple[Equation, ...] = (), seed: int = 0,
) -> Slack | Counterexample | None:  # fmt: skip
    """Draw random points, descend from the best, and return the least slack seen, or a point of proved violation.

    None where no point was comparable (both sides defined, hypotheses satisfied) within the time.

    >>> from symflow.expr.language import sqnorm, variable
    >>> from symflow.expr.tree import Symbol
    >>> x = variable(Symbol("x", "vector", ("n",)))
    >>> str(least_slack(sqnorm(x) + 1 >= 0, points=10, descents=1, steps=80, seconds=5.0)).split(', ')[1]
    'least slack 1.0e+00'
    >>> s = variable(Symbol("s", "scalar", ()))
    >>> near = least_slack((s - 7) ** 2 >= 1, points=3, descents=2, steps=400, seconds=5.0)
    >>> isinstance(near, Counterexample)
    True
    """
    search = _Search(prepare(inequality, hypotheses), Random(seed), Deadline(seconds))
    try:
        found = search.run(points, descents, steps)
    except DeadlineError:
        found = None
    if found is not None:
        return describe(repr(inequality), search.program, found, compare(search.program, found))
    return Slack(search.least, search.seen) if search.seen else None


class _Search:
    """One search: the points seen so far, and the least slack among them."""

    def __init__(self, program: Program, rng: Random, deadline: Deadline) -> None:
        self.program, self.rng, self.deadline = program, rng, deadline
        self.seen = 0
        self.least = float("inf")

    def run(self, points: int, descents: int, steps: int) -> Point | None:
        """A point of violation, if one is found."""
        starts: list[tuple[float, int, Point]] = []
        choices = dimension_choices(self.program, self.rng)[:3]
        palettes = (SMALL, POSITIVE, SPARSE, TINY)
        for number in range(points):
            palette = palettes[number // len(choices) % len(palettes)]
            point = draw_prepared(self.program, choices[number % len(choices)], self.rng, palette)
            if len(self.program.sides) > 1:
                point = align(self.program, point, self.rng)
            score = self._slack(point)
            if score is not None and score < 0:
                return point
            if score is not None:
                starts.append((score, number, point))
        ordered = sorted(starts, key=lambda start: start[:2])
        # equality often holds at trivial points, from which no way leads on: strict ones have their turn
        strict = [start for start in ordered if start[0] > 0]
        for score, _, point in [*strict[: descents - descents // 3], *ordered[: descents // 3]]:
            found = self._descend(point, score, steps)
            if found is not None:
                return found
        return None

    def _descend(self, point: Point, score: float, steps: int) -> Point | None:
        scale = 0
        for _ in range(steps):
            moved = self._moved(point, STEPS[scale])
            value = None if moved is None else self._slack(moved)
            if moved is None or value is None:
                continue
            if value < 0:
                return moved
            if value >= score:
                scale = (scale + 1) % len(STEPS)
            if value <= score:  # equal slack too: on a set of equality the search walks on
                point, score = moved, value
        return None

    def _moved(self, point: Point, step: fmpq) -> Point | None:
        """The point with one entry moved or one structured matrix redrawn; None where that is not allowed."""
        names = [name for name in point.values if point.values[name]]
        if not names:
            return None
        name = self.rng.choice(names)
        symbol = self.program.symbols[name]
        member = self.rng.randrange(len(point.values[name]))
        if symbol.kind not in ENTRYWISE + POSITIVE_ENTRIES:
            return point.with_value(name, member, draw_value(symbol, point.sizes, self.rng, TINY))
        matrix = fmpq_mat(point.values[name][member])
        row = self.rng.randrange(matrix.nrows())
        col = row if "diagonal" in symbol.kind else self.rng.randrange(matrix.ncols())
        entry = matrix[row, col] + self.rng.choice((-1, 1)) * step
        if entry.height_bits() > MAX_HEIGHT or (symbol.kind in POSITIVE_ENTRIES and entry <= 0):
            return None
        matrix[row, col] = entry
        return point.with_value(name, member, matrix)

    def _slack(self, point: Point) -> float | None:
        """Greater minus smaller side; negative only for a proved violation, None where the point does not count."""
        try:
            if len(self.program.sides) > 1 and not satisfied(self.program, point, self.deadline):
                return None
            comparison = compare(self.program, point, self.deadline)
        except DeadlineError:
            raise
        except (UndefinedError, LimitError):
            return None
        left, right = comparison.left[0, 0], comparison.right[0, 0]
        excess = _as_float(left - right if self.program.relation == ">=" else right - left)
        if comparison.differ:
            return min(excess, -1e-300)
        self.seen += 1
        excess = max(excess, 0.0)
        self.least = min(self.least, excess)
        return excess


def _as_float(value: Any) -> float:
    """The nearest float of a rational, or of the middle of a ball."""
    return int(value.p) / int(value.q) if isinstance(value, fmpq) else float(value.mid())
