"""The search for counterexamples: many dimensions, every component of every kind, generic and special points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from symflow.errors import LimitError, UndefinedError
from symflow.expr.tree import Equation
from symflow.refutation.comparison import Comparison, compare, satisfied
from symflow.refutation.counterexamples import Counterexample, describe
from symflow.refutation.deadlines import Deadline, DeadlineError
from symflow.refutation.degrees import escape
from symflow.refutation.draws import align, dimension_choices, draw_prepared
from symflow.refutation.palettes import DYADIC, GENERIC, POSITIVE, SIGNS, SMALL, SPARSE, TINY, Palette
from symflow.refutation.points import Point
from symflow.refutation.programs import Program, prepare
from symflow.refutation.shrinking import Shrinker
from symflow.refutation.solving import solve_hypotheses

GENERIC_COUNT = 2  # data points of a generic point, so that the error bound speaks of one situation
HYPOTHESES_FACTOR = 10  # draws for each point wanted: most of them fail the hypotheses
SPECIAL = 0.5  # of the points under hypotheses: related values, which satisfy them by luck; the others solve them
SHRINKING_SHARE = 0.5  # of the time left when a counterexample is found


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a search without a counterexample has seen. It never proves a statement.

    ``error_bound`` bounds the chance of agreement at this many generic points, were the statement false at one of
    the dimension choices of ``bounded``; None where ``explanation`` says why there is no such bound. ``digits`` is
    None where every agreement was exact, else the least number of digits to which the sides agreed.
    """

    points_tried: int
    points_undefined: int
    points_rejected: int
    points_too_large: int
    dimensions: tuple[dict[str, int], ...]
    digits: float | None
    error_bound: float | None
    explanation: str

    @property
    def exact(self) -> bool:
        """Whether the agreement was exact at every point."""
        return self.points_tried > 0 and self.digits is None

    def summary(self) -> str:
        """One line for a person."""
        if not self.points_tried:
            return f"no point could be compared: {self.explanation}"
        how = "exactly" if self.exact else f"to {int(self.digits or 0)} digits"
        text = f"{self.points_tried} random points agree {how}"
        if self.points_undefined:
            text += f", {self.points_undefined} more are outside the domain"
        bound = "no error bound" if self.error_bound is None else f"error bound {self.error_bound:.2g}"
        return f"{text}; {bound}: {self.explanation}"


class _Tally:
    """Counts what happens to the points of one search."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.tried = self.undefined = self.rejected = self.too_large = 0
        self.digits: float | None = None
        self.dimensions: list[dict[str, int]] = []
        self.generic: dict[tuple[tuple[str, int], ...], int] = {}
        self.stopped = ""

    def agree(self, sizes: dict[str, int], palette: Palette, comparison: Comparison) -> None:
        self.tried += 1
        if sizes not in self.dimensions:
            self.dimensions.append(sizes)
        if palette.generic:
            key = tuple(sorted(sizes.items()))
            self.generic[key] = self.generic.get(key, 0) + 1
        if comparison.digits is not None:
            self.digits = comparison.digits if self.digits is None else min(self.digits, comparison.digits)

    def evidence(self) -> Evidence:
        bound, explanation = self._bound()
        return Evidence(
            self.tried, self.undefined, self.rejected, self.too_large,
            tuple(self.dimensions), self.digits, bound, explanation + self.stopped,
        )  # fmt: skip

    def _bound(self) -> tuple[float | None, str]:
        if not self.tried:
            if not (self.rejected or self.undefined or self.too_large):
                return None, "the first evaluation did not end in time"
            if self.rejected:
                return None, "no point was found that satisfies the hypotheses exactly"
            if self.too_large:
                return None, "the statement is too large to evaluate"
            return None, "both sides were defined at none of the points"
        if len(self.program.sides) > 1:
            return None, "points that satisfy the hypotheses are special, so no degree bound applies"
        if not self.generic:
            found = escape(self.program, self.dimensions[0], GENERIC_COUNT)
            return None, found.reason if found.chance is None else "no generic point was compared"
        worst, reason = 0.0, ""
        for sizes, points in self.generic.items():
            found = escape(self.program, dict(sizes), GENERIC_COUNT)
            if found.chance is None:
                return None, found.reason
            chance = float(found.chance) ** points
            if chance >= worst:
                at = ", ".join(f"{name} = {n}" for name, n in sizes) or "the fixed dimensions"
                worst, reason = chance, f"by degree ({found.reason}), {points} generic points at {at}"
        reason += "; says nothing of dimensions that were not tried"
        return worst, reason


def search(
    equation: Equation,
    *,
    seconds: float = 5.0,
    points: int = 200,
    seed: int = 0,
    hypotheses: tuple[Equation, ...] = (),
    shrink: bool = True,
) -> Counterexample | Evidence:
    """Look for a point at which the two sides of a statement are proved to differ, and make it small.

    Stops at the first such point, after ``points`` draws (ten times as many under hypotheses) or after ``seconds``,
    whichever comes first. Only points count at which both sides are defined and every hypothesis holds exactly.
    The same seed gives the same points. ``shrink=False`` returns the first counterexample as it was found.

    >>> from symflow.expr.language import variable
    >>> from symflow.expr.tree import Symbol
    >>> A, B = (variable(Symbol(name, "matrix", ("n",))) for name in "AB")
    >>> search(A @ B == B @ A).summary()
    'at n = 2: left 1, right 0 in entry (2, 1)'
    >>> search((A @ B).T == B.T @ A.T).exact
    True

    Raises LimitError for statements too large to prepare at all.
    """
    program = prepare(equation, hypotheses)
    deadline = Deadline(seconds)
    rng = Random(seed)
    tally = _Tally(program)
    try:
        for sizes, palette in _plan(program, rng, points * (HYPOTHESES_FACTOR if hypotheses else 1)):
            if tally.tried >= points:
                break
            comparison, point = _visit(program, sizes, palette, rng, deadline, tally)
            if comparison is None or point is None:
                continue
            if comparison.differ:
                return _conclude(equation, program, point, comparison, deadline if shrink else None, rng)
            tally.agree(sizes, palette, comparison)
    except DeadlineError:
        tally.stopped = "; stopped by the time limit"
    return tally.evidence()


def agrees(equation: Equation, *, points: int = 4, seed: int = 0, seconds: float = 1.0) -> bool | None:
    """A quick check of a statement at a few points: dimensions 2, then 3, then mixed ones.

    True where every comparable point agrees, False where one is proved to differ, None where no point was
    comparable (both sides defined, within the bounds on size and time).
    """
    try:
        program = prepare(equation)
    except LimitError:
        return None
    deadline = Deadline(seconds)
    rng = Random(seed)
    choices = dimension_choices(program, rng)[:4]
    seen = 0
    try:
        for attempt in range(4 * points):
            if seen >= points:
                break
            sizes = choices[seen // 2 % len(choices)]  # two points each: half the masks and projectors are trivial
            palette = (DYADIC if program.transcendental else SMALL, POSITIVE, DYADIC, TINY)[attempt % 4]
            comparison, _ = _visit(program, sizes, palette, rng, deadline, None)
            if comparison is None:
                continue
            if comparison.differ:
                return False
            seen += 1
    except DeadlineError:
        pass
    return True if seen else None


def _plan(program: Program, rng: Random, points: int) -> Iterator[tuple[dict[str, int], Palette]]:
    """Dimension choices in turn; at each, points of small numbers, then generic ones, then special ones."""
    wide = DYADIC if program.transcendental else GENERIC
    palettes = (SMALL, wide, SPARSE, POSITIVE, TINY, wide, SIGNS, SPARSE)
    choices = dimension_choices(program, rng)
    for number in range(points):
        palette = palettes[number // len(choices) % len(palettes)]
        yield choices[number % len(choices)], palette


def _draw(program: Program, sizes: dict[str, int], palette: Palette, rng: Random) -> Point:
    count = GENERIC_COUNT if palette.generic and program.sampled else None
    point = draw_prepared(program, sizes, rng, palette, count)
    if len(program.sides) > 1:
        point = align(program, point, rng) if rng.random() < SPECIAL else solve_hypotheses(program, point, rng, palette)
    return point


def _visit(
    program: Program, sizes: dict[str, int], palette: Palette, rng: Random, deadline: Deadline, tally: _Tally | None
) -> tuple[Comparison | None, Point | None]:
    """Draw a point and compare there; None, with the reason counted, where the point does not count."""
    point = None
    try:
        point = _draw(program, sizes, palette, rng)
        if len(program.sides) == 1 or satisfied(program, point, deadline):
            return compare(program, point, deadline), point
        reason = "rejected"
    except DeadlineError:
        raise
    except LimitError:
        reason = "too_large"
    except UndefinedError:
        reason = "undefined"
    if tally is not None:
        setattr(tally, reason, getattr(tally, reason) + 1)
    return None, point


def _conclude(
    equation: Equation, program: Program, point: Point, comparison: Comparison, deadline: Deadline | None, rng: Random
) -> Counterexample:
    if deadline is not None:
        small = Shrinker(program, point, deadline.part(SHRINKING_SHARE), rng).run()
        if small is not point:
            point, comparison = small, compare(program, small)
    return describe(repr(equation), program, point, comparison)
