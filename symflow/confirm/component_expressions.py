"""Deciding differences that are not rational functions: zero as a polynomial in its kernels, or refuted by a number.

A difference is zero for sure where its numerator vanishes as a polynomial in the entries, the exponentials, logarithms
and function symbols that occur, with roots reduced by their squares. It is not zero for sure where it has a value that
is far from zero at a point at which everything is defined. What passes neither test is not decided.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from typing import Any

import sympy
from sympy import Integer, Poly, Rational, Symbol, cos, exp, expand, fraction, sin, tanh, together

from symflow.confirm.component_arithmetic import ExpressionArithmetic
from symflow.confirm.component_values import PARAMETRISED, Instance
from symflow.errors import LimitError, UndefinedError, UnsupportedError

MAX_CASES = 256
SAMPLES = 4
DIGITS = 40
NEGLIGIBLE = sympy.Float("1e-25")


def decide_expressions(arithmetic: ExpressionArithmetic, differences: Iterator[Any], instances: list[Instance]) -> bool:
    """Whether every difference is zero in every case of the structured symbols.

    Raises:
        UnsupportedError: a difference is numerically zero but not seen to be zero.
        UndefinedError, LimitError: as for ``componentwise``.
    """
    entries = [e for e in differences if e != 0]
    defined = False
    for case in _cases(arithmetic, instances):
        conditions = [d.subs(case) for d in arithmetic.divisors]
        if any(expand(fraction(together(d))[0]) == 0 for d in conditions):
            continue
        defined = True
        positives = [p.subs(case) for p in arithmetic.positives]
        for entry in entries:
            value = entry.subs(case)
            if not _vanishes(value):
                if _has_nonzero_value(value, conditions, positives, arithmetic):
                    return False
                raise UnsupportedError(
                    "SymPy sees neither that the two sides agree entry by entry nor that they differ"
                )
    if not defined:
        raise UndefinedError("at this size no value of the symbols makes both sides defined")
    return True


def _cases(arithmetic: ExpressionArithmetic, instances: list[Instance]) -> Iterator[dict[Any, Any]]:
    choices: list[list[dict[Any, Any]]] = []
    for instance in instances:
        names = {name: spots[0] for name, spots in instance.coordinates().items()}
        if instance.symbol.kind == "mask":
            patterns = itertools.product((Integer(0), Integer(1)), repeat=len(names))
            choices.append([dict(zip(map(arithmetic.generator, names), bits, strict=True)) for bits in patterns])
        elif instance.symbol.kind in PARAMETRISED:
            choices.append(
                [
                    {arithmetic.generator(name): matrix[a][b] / denominator for name, (a, b, _) in names.items()}
                    for matrix, denominator in instance.parametrisations(arithmetic)
                ]
            )
    if math.prod(map(len, choices)) > MAX_CASES:
        raise LimitError(
            f"more than {MAX_CASES} combinations of patterns, ranks and determinants; take fewer data points"
        )
    for combination in itertools.product(*choices):
        yield {generator: value for part in combination for generator, value in part.items()}


def _vanishes(value: Any) -> bool:
    value = value.replace(tanh, lambda x: 1 - 2 / (exp(2 * x) + 1))
    value = value.replace(sin, lambda x: (exp(sympy.I * x) - exp(-sympy.I * x)) / (2 * sympy.I))
    value = value.replace(cos, lambda x: (exp(sympy.I * x) + exp(-sympy.I * x)) / 2)
    value, squares = _without_roots(expand(value))
    numerator = expand(fraction(together(value))[0])
    for root, square in squares:
        over, under = fraction(together(square))
        # r^2 = over/under, so r^2 - over/under divides what vanishes
        numerator = expand(sympy.rem(Poly(numerator, root), Poly(root**2 - over / under, root)).as_expr())
        numerator = expand(fraction(together(numerator))[0])
    return bool(numerator == 0)


def _without_roots(value: Any) -> tuple[Any, list[tuple[Symbol, Any]]]:
    """Every square root as a symbol of its own, innermost last, with its square."""
    roots: dict[Any, Symbol] = {}

    def is_root(node: Any) -> bool:
        return bool(node.is_Pow and node.exp.is_Rational and node.exp.q == 2 and not node.base.is_number)

    def name(node: Any) -> Any:
        root = roots.setdefault(node.base, sympy.Dummy("root", positive=True))
        return root**node.exp.p

    value = value.replace(is_root, name)
    return value, [(root, square) for square, root in reversed(list(roots.items()))]


def _has_nonzero_value(value: Any, divisors: list[Any], positives: list[Any], arithmetic: ExpressionArithmetic) -> bool:
    """Whether the value is far from zero at some point at which it is defined."""
    draw = random.Random(1)
    symbols = sorted(value.free_symbols.union(*(c.free_symbols for c in (*divisors, *positives))), key=str)
    instance = _concrete(arithmetic)
    for _ in range(20 * SAMPLES):
        point = {s: Rational(draw.randint(1 if s.is_positive else -12, 12), draw.randint(5, 9)) for s in symbols}

        def at(e: Any, point: dict[Any, Any] = point) -> Any:
            for function, f in instance.items():
                e = e.replace(function, f)
            return e.subs(point).evalf(DIGITS)

        if all(at(d) != 0 for d in divisors) and all(at(p) > 0 for p in positives):
            number = at(value)
            if number.is_number and abs(number) > NEGLIGIBLE:
                return True
    return False


def _concrete(arithmetic: ExpressionArithmetic) -> dict[Any, Any]:
    """A smooth function for each function symbol, with its derivatives: one statement about all is one about these."""
    z = Symbol("z")
    names = sorted({name for name, _ in arithmetic.functions})
    examples = {name: exp(z / (3 + k)) + z**4 / (7 + k) - z for k, name in enumerate(names)}
    return {
        function: sympy.Lambda(z, sympy.diff(examples[name], z, order))
        for (name, order), function in arithmetic.functions.items()
    }
