"""Points that satisfy hypotheses exactly: in each hypothesis one symbol is solved for, where it occurs affinely.

The refuter's own points satisfy a hypothesis by luck, so they are special: many zeros, commuting matrices. Here every
other symbol is drawn freely and one is solved for, by rational linear algebra, with a random element of the kernel.
Hypotheses that are quadratic in everything have constructions of their own (:mod:`tests.mutation.quadrics`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

from flint import fmpq, fmpq_mat

from symflow.errors import LimitError, UndefinedError
from symflow.expr.tree import Equation, Symbol
from symflow.refutation.derivatives import basis, space
from symflow.refutation.draws import dimension_choices, draw_prepared
from symflow.refutation.evaluation import Evaluator
from symflow.refutation.instances import belongs
from symflow.refutation.numbers import RATIONALS
from symflow.refutation.palettes import DYADIC, POSITIVE, SMALL, SPARSE, TINY, Palette
from symflow.refutation.points import Point
from symflow.refutation.programs import Program, prepare
from tests.mutation.quadrics import construct

FREE = {"scalar", "positive_scalar", "vector", "matrix", "symmetric", "antisymmetric", "diagonal", "invertible"}
PALETTES = (SMALL, TINY, DYADIC, SPARSE, POSITIVE)
ATTEMPTS = 12  # draws for each point wanted


def solutions(equation: Equation, hypotheses: tuple[Equation, ...], wanted: int, seed: int) -> Iterator[Point]:
    """Up to so many points of a statement, each satisfying every hypothesis exactly.

    >>> from symflow.expr.language import variable
    >>> A, B = (variable(Symbol(name, "matrix", ("n",))) for name in "AB")
    >>> x = variable(Symbol("x", "vector", ("n",)))
    >>> given = (A @ x == B @ x,)
    >>> points = list(solutions(A @ A @ x == B @ B @ x, given, 5, seed=0))
    >>> len(points), any(point.values["A"] != point.values["B"] for point in points)
    (5, True)
    """
    program = prepare(equation, hypotheses)
    rng = Random(seed)
    choices = dimension_choices(program, rng)
    found = 0
    for attempt in range(ATTEMPTS * wanted):
        if found >= wanted:
            return
        sizes, palette = choices[attempt % len(choices)], PALETTES[attempt % len(PALETTES)]
        point = _solution(program, hypotheses, sizes, palette, rng)
        if point is not None:
            found += 1
            yield point


def _solution(
    program: Program, hypotheses: tuple[Equation, ...], sizes: dict[str, int], palette: Palette, rng: Random
) -> Point | None:
    try:
        point = draw_prepared(program, sizes, rng, palette)
        point, fixed = construct(hypotheses, point, rng, palette)
        for which, hypothesis in enumerate(hypotheses, start=1):
            names = [n for n, s in hypothesis.symbols().items() if s.kind in FREE and n not in fixed]
            rng.shuffle(names)
            for name in names:
                solved = _solved_for(program, which, program.symbols[name], point, rng, palette)
                if solved is not None:
                    point = solved
                    fixed |= set(hypothesis.symbols())  # what is drawn anew later would undo this
                    break
        holds = not any(any(_residual(program, which, point)) for which in range(1, len(program.sides)))
        if holds and all(_is_instance(s, point) for s in program.symbols.values()):
            return point
    except (LimitError, UndefinedError, ZeroDivisionError):
        pass
    return None


def _is_instance(symbol: Symbol, point: Point) -> bool:
    return symbol.kind == "function" or all(belongs(symbol.kind, m) for m in point.values[symbol.name])


def _solved_for(
    program: Program, which: int, symbol: Symbol, point: Point, rng: Random, palette: Palette
) -> Point | None:
    """The point with another value of the symbol, at which a hypothesis holds; None where it is not affine in it."""
    members = point.values[symbol.name]
    rows, cols = members[0].nrows(), members[0].ncols()
    directions = [(k, B) for k in range(len(members)) for B in basis(space(symbol), rows, cols).members]
    origin = _moved(symbol, point, [(k, m * fmpq(-1)) for k, m in enumerate(members)])
    constant = _residual(program, which, origin)
    columns = [_minus(_residual(program, which, _moved(symbol, origin, [d])), constant) for d in directions]
    chosen = _solve(columns, constant, rng, palette)
    if chosen is None:
        return None
    solved = _moved(symbol, origin, [(k, B * c) for (k, B), c in zip(directions, chosen, strict=True)])
    return None if any(_residual(program, which, solved)) else solved


def _moved(symbol: Symbol, point: Point, steps: list[tuple[int, fmpq_mat]]) -> Point:
    for member, step in steps:
        point = point.with_value(symbol.name, member, point.values[symbol.name][member] + step)
    return point


def _minus(left: list[fmpq], right: list[fmpq]) -> list[fmpq]:
    return [a - b for a, b in zip(left, right, strict=True)]


def _residual(program: Program, which: int, point: Point) -> list[fmpq]:
    """The entries of left minus right of a hypothesis, for every data point that a free index may stand for."""
    evaluator = Evaluator(point, RATIONALS)
    lhs, rhs = program.sides[which]
    found: list[fmpq] = []
    for members in product(range(point.count), repeat=len(program.free)):
        bound = dict(zip(program.free, members, strict=True))
        found += (evaluator.value(lhs, bound) - evaluator.value(rhs, bound)).entries()
    return found


def _solve(columns: list[list[fmpq]], constant: list[fmpq], rng: Random, palette: Palette) -> list[fmpq] | None:
    """A random solution x of sum_k x_k column_k + constant = 0; None where there is none."""
    n = len(columns)
    rows = [[*(column[i] for column in columns), -constant[i]] for i in range(len(constant))]
    reduced, rank = fmpq_mat(len(rows), n + 1, [x for row in rows for x in row]).rref()
    x = [palette.number(rng) for _ in range(n)]
    for i in reversed(range(rank)):
        pivot = next(j for j in range(n + 1) if reduced[i, j])
        if pivot == n:
            return None
        x[pivot] = reduced[i, n] - sum((reduced[i, j] * x[j] for j in range(pivot + 1, n)), start=fmpq(0))
    return x
