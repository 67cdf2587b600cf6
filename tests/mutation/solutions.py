"""Points that satisfy hypotheses exactly: in each hypothesis one symbol is solved for, where it occurs affinely.

Half of the refuter's own points satisfy a hypothesis by luck, so they are special: many zeros, commuting matrices. Here
all are solved for (:mod:`symflow.refutation.solving`), and none counts that does not satisfy every hypothesis.
Hypotheses that are quadratic in everything have constructions of their own (:mod:`tests.mutation.quadrics`).
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from symflow.errors import LimitError, UndefinedError
from symflow.expr.tree import Equation, Symbol
from symflow.refutation.draws import dimension_choices, draw_prepared
from symflow.refutation.instances import belongs
from symflow.refutation.palettes import DYADIC, POSITIVE, SMALL, SPARSE, TINY, Palette
from symflow.refutation.points import Point
from symflow.refutation.programs import Program, prepare
from symflow.refutation.solving import FREE, residual, solved_for
from tests.mutation.quadrics import construct

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
                solved = solved_for(program, which, program.symbols[name], point, rng, palette)
                if solved is not None:
                    point = solved
                    fixed |= set(hypothesis.symbols())  # what is drawn anew later would undo this
                    break
        holds = not any(any(residual(program, which, point)) for which in range(1, len(program.sides)))
        if holds and all(_is_instance(s, point) for s in program.symbols.values()):
            return point
    except (LimitError, UndefinedError, ZeroDivisionError):
        pass
    return None


def _is_instance(symbol: Symbol, point: Point) -> bool:
    return symbol.kind == "function" or all(belongs(symbol.kind, m) for m in point.values[symbol.name])
