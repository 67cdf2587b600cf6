"""A second, independent derivation of a statement: SymPy, entry by entry, at one small size.

Both sides are written out in entries, every derivative is one of SymPy's by an entry, and the difference is decided
as a polynomial. It shares no code with the calculus or the proof engine, which is its point; it says nothing about
other sizes.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from symflow.confirm.component_arithmetic import ExpressionArithmetic, PolynomialArithmetic, homogenised
from symflow.confirm.component_derivation import Derivation, weight_name
from symflow.confirm.component_values import PARAMETRISED, Instance
from symflow.errors import LimitError, ShapeError, UndefinedError
from symflow.expr.tree import Equation, Expr

MAX_CASES = 4096
_NOT_RATIONAL = frozenset({"exp", "log", "sqrt", "sin", "cos", "tanh", "apply"})


def componentwise(equation: Equation, sizes: Mapping[str, int], data_points: int = 2) -> bool:
    """Decide a statement at one size, by SymPy's derivatives of entries.

    The weights of data sums, the entries of vectors and matrices and the parameters of structured matrices are
    symbols, so True means an identity at these sizes, for every value at which both sides are defined (for masks
    every pattern, for orthogonal symbols both determinants, for projectors every rank).

    Args:
        equation: the statement.
        sizes: a number for each dimension name, best 1, 2 or 3.
        data_points: how many members each data family has.

    Raises:
        ShapeError: a dimension has no size.
        UnsupportedError: relu or step of an argument of either sign; a structured symbol larger than 3; an identity
            between functions that SymPy can neither establish nor refute.
        UndefinedError: no value of the symbols makes both sides defined at this size.
        LimitError: more than 4096 combinations of patterns, ranks and determinants.

    >>> from symflow.expr.language import grad, sqnorm, variable
    >>> from symflow.expr.tree import Symbol
    >>> A, x = variable(Symbol("A", "matrix", ("n",))), variable(Symbol("x", "vector", ("n",)))
    >>> componentwise(grad(sqnorm(A @ x), x) == 2 * A.T @ A @ x, {"n": 2})
    True
    >>> componentwise(grad(sqnorm(A @ x), x) == 2 * A @ A @ x, {"n": 2})
    False
    """
    missing = [d for d in equation.dimensions() if d not in sizes]
    if missing:
        raise ShapeError(f"no size is given for {', '.join(missing)}")
    instances = _instances(equation, sizes, data_points)
    generators = _generators(instances, data_points)
    nodes = [node for side in (equation.lhs, equation.rhs) for node in side.walk()]
    if not any(node.op in _NOT_RATIONAL for node in nodes):
        rational = PolynomialArithmetic(generators, *_divisions(nodes, data_points))
        verdict = _decide(rational, _differences(equation, rational, sizes, data_points), instances)
        if verdict is not None:
            return verdict
    from symflow.confirm.component_expressions import decide_expressions

    transcendental = ExpressionArithmetic(generators)
    return decide_expressions(transcendental, _differences(equation, transcendental, sizes, data_points), instances)


def _instances(equation: Equation, sizes: Mapping[str, int], points: int) -> list[Instance]:
    found = []
    for symbol in equation.symbols().values():
        if symbol.kind != "function":
            rows, cols = (sizes[d] if isinstance(d, str) else d for d in symbol.shape)
            members = range(points) if symbol.family else (None,)
            found += [Instance(symbol, k, rows, cols) for k in members]
    return found


def _generators(instances: list[Instance], points: int) -> dict[str, bool]:
    """Every generator, and whether it is positive."""
    names = {name: i.positive() for i in instances for name in i.coordinates()}
    names |= {name: False for i in instances for name in i.parameters()}
    return names | {weight_name(k): True for k in range(points)}


def _divisions(nodes: list[Expr], points: int) -> tuple[int, int]:
    """How many different reciprocals and how many different logarithms can occur at most."""
    dividing = (n for n in nodes if n.op in ("div", "inv") or (n.op == "pow" and n.data < 0))
    logarithms = (n for n in nodes if n.op == "logdet")
    reciprocals, logs = (sum(points ** len(n.args[-1].free) for n in group) for group in (dividing, logarithms))
    return reciprocals, logs


def _differences(equation: Equation, arithmetic: Any, sizes: Mapping[str, int], points: int) -> Iterator[Any]:
    """Entries of left minus right, at every combination of data points for indices that nothing binds."""
    derivation = Derivation(arithmetic, sizes, points)
    free = sorted(equation.lhs.free | equation.rhs.free)
    for chosen in itertools.product(range(points), repeat=len(free)):
        point = dict(zip(free, chosen, strict=True))
        left, right = derivation.entries(equation.lhs, point), derivation.entries(equation.rhs, point)
        for left_row, right_row in zip(left, right, strict=True):
            yield from (a - b for a, b in zip(left_row, right_row, strict=True))


def _decide(arithmetic: PolynomialArithmetic, differences: Iterator[Any], instances: list[Instance]) -> bool | None:
    """Whether every difference vanishes; None where that depends on relations between logarithms."""
    # clearing needs every divisor, so all entries are formed first
    entries = [e for e in differences if e]
    if any(map(arithmetic.has_logarithms, entries)):
        return None
    entries = [arithmetic.cleared(e) for e in entries]
    divisors = [arithmetic.cleared(d) for d in arithmetic.divisors]
    masks = [
        arithmetic.place(arithmetic.generator(name))
        for i in instances if i.symbol.kind == "mask" for name in i.coordinates()
    ]  # fmt: skip
    defined = False
    for case in _cases(arithmetic, [i for i in instances if i.symbol.kind in PARAMETRISED]):
        divisor = math.prod((_on_patterns(_at(d, case), masks) for d in divisors), start=arithmetic.ring.one)
        divisor = _on_patterns(divisor, masks)
        if not divisor:
            continue  # one side is defined nowhere in this case
        defined = True
        if any(_on_patterns(_on_patterns(_at(e, case), masks) * divisor, masks) for e in entries):
            return False
    if not defined:
        raise UndefinedError("at this size no value of the symbols makes both sides defined")
    return True


_Case = list[tuple[list[int], list[Any], Any]]


def _cases(arithmetic: PolynomialArithmetic, instances: list[Instance]) -> Iterator[_Case]:
    """Each choice of a parametrisation for every structured symbol: places, numerators and denominator."""
    choices = []
    for instance in instances:
        coordinates = instance.coordinates()
        places = [arithmetic.place(arithmetic.generator(name)) for name in coordinates]
        corners = [spots[0] for spots in coordinates.values()]
        choices.append(
            [
                (places, [matrix[a][b] for a, b, _ in corners], denominator)
                for matrix, denominator in instance.parametrisations(arithmetic)
            ]
        )
    if math.prod(map(len, choices)) > MAX_CASES:
        raise LimitError(f"more than {MAX_CASES} combinations of ranks and determinants; take fewer data points")
    return (list(case) for case in itertools.product(*choices))


def _at(value: Any, case: _Case) -> Any:
    for places, numerators, denominator in case:
        value = homogenised(value, places, numerators, denominator)
    return value


def _on_patterns(value: Any, masks: list[int]) -> Any:
    """The polynomial of degree at most one in each mask entry that agrees with this one on every 0/1 pattern.

    It is unique, hence zero exactly where the value vanishes on all patterns.
    """
    if not masks:
        return value
    terms: dict[tuple[int, ...], Any] = {}
    for powers, coefficient in value.items():
        reduced = list(powers)
        for k in masks:
            reduced[k] = min(reduced[k], 1)
        key = tuple(reduced)
        terms[key] = terms.get(key, 0) + coefficient
    return value.ring.from_dict({key: c for key, c in terms.items() if c})
