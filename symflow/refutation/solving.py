"""Points on which hypotheses hold: in each hypothesis one free symbol is solved for, where it occurs affinely.

Drawing related values (:func:`~symflow.refutation.draws.align`) satisfies a hypothesis by luck, at special points
only: H z = J H z under z = J z agrees at all of them and is false. Here every other symbol is drawn freely, and one is
solved for by rational linear algebra, with a random element of the kernel.
"""

from __future__ import annotations

from itertools import product
from random import Random

from flint import fmpq, fmpq_mat

from symflow.errors import UndefinedError
from symflow.expr.tree import Symbol
from symflow.refutation.derivatives import basis, space
from symflow.refutation.evaluation import Evaluator
from symflow.refutation.instances import belongs
from symflow.refutation.numbers import RATIONALS
from symflow.refutation.palettes import Palette
from symflow.refutation.points import Point
from symflow.refutation.programs import Program

FREE = frozenset(
    {"scalar", "positive_scalar", "vector", "matrix", "symmetric", "antisymmetric", "diagonal", "invertible"}
)


def solve_hypotheses(program: Program, point: Point, rng: Random, palette: Palette) -> Point:
    """The point with one symbol of each hypothesis replaced by a solution of it; as it is where there is none.

    A symbol is solved for once, and what a solved hypothesis speaks of stays as it is from then on.
    """
    fixed: set[str] = set()
    for which in range(1, len(program.sides)):
        left, right = program.sides[which]
        speaks_of = (left.depends | right.depends) & program.symbols.keys()
        names = sorted(n for n in speaks_of - fixed if program.symbols[n].kind in FREE)
        rng.shuffle(names)
        for name in names:
            try:
                solved = solved_for(program, which, program.symbols[name], point, rng, palette)
            except UndefinedError:
                continue
            if solved is not None:
                point = solved
                fixed |= speaks_of
                break
    return point


def solved_for(
    program: Program, which: int, symbol: Symbol, point: Point, rng: Random, palette: Palette
) -> Point | None:
    """The point with another value of the symbol at which a hypothesis holds; None where it is not affine in it."""
    members = point.values[symbol.name]
    rows, cols = members[0].nrows(), members[0].ncols()
    directions = [(k, B) for k in range(len(members)) for B in basis(space(symbol), rows, cols).members]
    origin = _moved(symbol, point, [(k, m * fmpq(-1)) for k, m in enumerate(members)])
    constant = residual(program, which, origin)
    columns = [_minus(residual(program, which, _moved(symbol, origin, [d])), constant) for d in directions]
    chosen = _solve(columns, constant, rng, palette)
    if chosen is None:
        return None
    solved = _moved(symbol, origin, [(k, B * c) for (k, B), c in zip(directions, chosen, strict=True)])
    if any(residual(program, which, solved)) or not all(belongs(symbol.kind, m) for m in solved.values[symbol.name]):
        return None
    return solved


def _moved(symbol: Symbol, point: Point, steps: list[tuple[int, fmpq_mat]]) -> Point:
    for member, step in steps:
        point = point.with_value(symbol.name, member, point.values[symbol.name][member] + step)
    return point


def _minus(left: list[fmpq], right: list[fmpq]) -> list[fmpq]:
    return [a - b for a, b in zip(left, right, strict=True)]


def residual(program: Program, which: int, point: Point) -> list[fmpq]:
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
