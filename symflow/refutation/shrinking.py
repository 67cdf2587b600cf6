"""From a point that separates two sides to a small one: fewer dimensions, fewer data points, simpler numbers.

Nothing is trusted on the way. Every candidate has the defining property of its kind and is evaluated afresh; it
replaces the present point only if it still separates the sides and is cheaper to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from random import Random

from flint import fmpq, fmpq_mat

from symflow.errors import LimitError, UndefinedError
from symflow.expr.kinds import KINDS
from symflow.refutation.comparison import compare, satisfied
from symflow.refutation.deadlines import Deadline, DeadlineError
from symflow.refutation.derivatives import basis
from symflow.refutation.draws import draw_prepared
from symflow.refutation.instances import belongs, identity
from symflow.refutation.numbers import to_fraction
from symflow.refutation.palettes import SIGNS, SMALL, SPARSE, TINY, UNITS
from symflow.refutation.points import Point, size_of
from symflow.refutation.programs import Program

MAX_TRIALS = 600
SIMPLE_FUNCTIONS = tuple(tuple(fmpq(c) for c in cs) for cs in ((0,), (1,), (0, 1), (0, 0, 1), (0, 0, 0, 1)))

Cost = tuple[int, int, int]


def cost(point: Point) -> Cost:
    """How hard a point is to read: dimensions and data first, then the numbers."""
    numbers = [x for members in point.values.values() for m in members for x in m.entries()]
    numbers += [c for coefficients in point.functions.values() for c in coefficients]
    return (sum(point.sizes.values()), point.count, sum(map(_price, numbers)) + sum(map(_price, point.weights)))


def _price(x: fmpq) -> int:
    """0 is free, then 1, -1, small integers, fractions."""
    if not x:
        return 0
    p, q = int(x.p), int(x.q)
    size = abs(p) if abs(p) < 100 else 100 + abs(p).bit_length()
    whole = 2 * size + (p < 0)
    return whole if q == 1 else whole + 6 + 2 * min(q, 100 + q.bit_length())


class Shrinker:
    """Carries the present point, the statement and the budget through the stages of shrinking."""

    def __init__(self, program: Program, point: Point, deadline: Deadline, rng: Random) -> None:
        self.program = program
        self.point = point
        self.deadline = deadline
        self.rng = rng
        self.price = cost(point)
        self.trials = 0

    def run(self) -> Point:
        """Shrink until nothing helps, or the time or the number of trials is over."""
        try:
            self._smaller_dimensions()
            self._simpler_draws()
            while self._simpler_parts():
                pass
        except DeadlineError:
            pass
        return self.point

    def _try(self, candidate: Point) -> bool:
        """Take a candidate if it is cheaper and still separates the sides."""
        price = cost(candidate)
        if price >= self.price:
            return False
        if self.trials >= MAX_TRIALS:
            raise DeadlineError("the number of trials granted to shrinking is used up")
        self.trials += 1
        if not separates(self.program, candidate, self.deadline):
            return False
        self.point, self.price = candidate, price
        return True

    def _smaller_dimensions(self) -> None:
        for size in range(1, max(self.point.sizes.values(), default=1) + 1):
            if self._redraw({name: min(size, n) for name, n in self.point.sizes.items()}):
                break
        progress = True
        while progress:
            progress = False
            for name in list(self.point.sizes):
                while (n := self.point.sizes[name]) > 1 and self._redraw({**self.point.sizes, name: n - 1}):
                    progress = True

    def _redraw(self, sizes: dict[str, int]) -> bool:
        """Look for a counterexample at other dimensions, with as few data points as it takes."""
        for count in range(1, self.point.count + 1):
            if (sum(sizes.values()), count) >= self.price[:2]:
                return False
            if any(self._try(self._plain_point(sizes, count)) for _ in range(6)):
                return True
            for palette in (SMALL, SIGNS, SPARSE, UNITS, TINY):
                if any(self._try(draw_prepared(self.program, sizes, self.rng, palette, count)) for _ in range(3)):
                    return True
        return False

    def _simpler_draws(self) -> None:
        sizes = dict(self.point.sizes)
        for count in range(1, self.point.count + 1):
            for _ in range(24):
                self._try(self._plain_point(sizes, count))
            for palette in (UNITS, SIGNS, TINY):
                for _ in range(8):
                    self._try(draw_prepared(self.program, sizes, self.rng, palette, count))

    def _plain_point(self, sizes: dict[str, int], count: int) -> Point:
        """A point of readable matrices, chosen at random among those of :func:`_simple_matrices`."""
        point = draw_prepared(self.program, sizes, self.rng, UNITS, count)
        for name, members in point.values.items():
            symbol = self.program.symbols[name]
            simple = list(_simple_matrices(symbol.kind, *size_of(symbol.shape, sizes)))
            for member in range(len(members) if simple else 0):
                point = point.with_value(name, member, self.rng.choice(simple))
        return point

    def _simpler_parts(self) -> bool:
        """One pass over data points, weights, functions and matrices; whether anything became simpler."""
        before = self.price
        for member in reversed(range(self.point.count)):
            if self.point.count > 1:
                self._try(self._without(member))
        for member in range(self.point.count):
            for w in (fmpq(1), fmpq(2)):
                weights = list(self.point.weights)
                weights[member] = w
                self._try(replace(self.point, weights=tuple(weights)))
        for name in list(self.point.functions):
            self._simpler_function(name)
        for name, members in list(self.point.values.items()):
            for member in range(min(len(members), len(self.point.values[name]))):
                self._simpler_matrix(name, member)
        return self.price < before

    def _without(self, member: int) -> Point:
        def drop(items: tuple[fmpq_mat, ...], family: bool) -> tuple[fmpq_mat, ...]:
            return items[:member] + items[member + 1 :] if family else items

        values = {
            name: drop(items, self.program.symbols[name].family) for name, items in self.point.values.items()
        }  # fmt: skip
        weights = self.point.weights[:member] + self.point.weights[member + 1 :]
        return replace(self.point, values=values, weights=weights)

    def _simpler_function(self, name: str) -> None:
        def having(coefficients: tuple[fmpq, ...]) -> Point:
            return replace(self.point, functions={**self.point.functions, name: coefficients})

        if any(self._try(having(simple)) for simple in SIMPLE_FUNCTIONS):
            return
        place = 0
        while place < len(self.point.functions[name]):
            present = self.point.functions[name]
            for x in _simpler_numbers(present[place]):
                changed = (*present[:place], x, *present[place + 1 :])
                while len(changed) > 1 and not changed[-1]:
                    changed = changed[:-1]
                if self._try(having(changed)):
                    break
            place += 1

    def _simpler_matrix(self, name: str, member: int) -> None:
        symbol = self.program.symbols[name]
        rows, cols = size_of(symbol.shape, self.point.sizes)
        for simple in _simple_matrices(symbol.kind, rows, cols):
            if self._try(self.point.with_value(name, member, simple)):
                break
        for direction in basis(KINDS[symbol.kind].linear, rows, cols).members:
            i, j = next((i, j) for i, j in product(range(rows), range(cols)) if direction[i, j])
            present = self.point.values[name][member]
            for x in _simpler_numbers(present[i, j]):
                changed = present + direction * (x - present[i, j])
                if belongs(symbol.kind, changed) and self._try(self.point.with_value(name, member, changed)):
                    break


def separates(program: Program, point: Point, deadline: Deadline | None = None) -> bool:
    """Whether a point satisfies the hypotheses and is proved to tell the two sides apart."""
    try:
        if len(program.sides) > 1 and not satisfied(program, point, deadline):
            return False
        return compare(program, point, deadline).differ
    except DeadlineError:
        raise
    except (UndefinedError, LimitError):
        return False


def _simpler_numbers(x: fmpq) -> list[fmpq]:
    found = [fmpq(0), fmpq(1), fmpq(-1), fmpq(2), fmpq(round(to_fraction(x)))]
    return [y for y in found if _price(y) < _price(x)]


def _simple_matrices(kind: str, rows: int, cols: int) -> Iterator[fmpq_mat]:
    """A few readable instances of a kind, the simplest first."""
    zero = fmpq_mat(rows, cols)
    units = [_unit(rows, cols, i, j) for i in range(min(rows, 2)) for j in range(min(cols, 2))]
    candidates = [zero, *units]
    if rows == cols:
        one = identity(rows)
        candidates += [one, units[0] + units[1] if rows > 1 else one, -one, one - units[0] * fmpq(2)]
        if rows > 1:
            swap = one - units[0] - units[3] + units[1] + units[2]
            candidates += [one + units[1], swap, units[1] - units[2], swap - units[2] * fmpq(2)]
            candidates.append((units[0] + units[1] + units[2] + units[3]) * fmpq(1, 2))
    return (m for m in candidates if belongs(kind, m))


def _unit(rows: int, cols: int, i: int, j: int) -> fmpq_mat:
    matrix = fmpq_mat(rows, cols)
    matrix[i, j] = 1
    return matrix
