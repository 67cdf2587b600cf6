"""Matrices over a ring of nilpotent infinitesimals: forward-mode differentiation of any order, exactly.

Every derivative node of a statement opens a fresh *level*; at level l there is one infinitesimal e(l, k) for each
direction k in which the node differentiates, and products of two infinitesimals of one level vanish. A matrix over
that ring is a dictionary from monomials to ordinary FLINT matrices, so products run in C and a derivative in many
directions computes the undifferentiated part once.

A monomial is one integer: its low ``LEVEL_BITS`` bits say which levels occur, and above them each level has
``CODE_BITS`` bits for its direction. Two monomials multiply by integer addition where their level sets are disjoint,
and to zero elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import mul

from flint import fmpq

from symflow.errors import LimitError
from symflow.refutation.numbers import Matrix, Number, NumberSystem

LEVEL_BITS = 12
CODE_BITS = 16
LEVELS = (1 << LEVEL_BITS) - 1

Parts = dict[int, Matrix]


class Jet:
    """A matrix over the nilpotent ring; ``parts[0]`` is its value, the other parts its infinitesimals."""

    __slots__ = ("cols", "parts", "rows")

    def __init__(self, rows: int, cols: int, parts: Parts) -> None:
        self.rows = rows
        self.cols = cols
        self.parts = parts

    @property
    def value(self) -> Matrix:
        """The part without infinitesimals."""
        return self.parts[0]

    def entry(self) -> Number:
        """The value of a scalar."""
        return self.parts[0][0, 0]


def monomial(level: int, direction: int) -> int:
    """The monomial e(level, direction), level counted from 0.

    >>> monomial(0, 0) & LEVELS
    1
    """
    if level >= LEVEL_BITS:
        raise LimitError(f"derivatives are nested more than {LEVEL_BITS} deep; simplify the statement")
    if direction >= 1 << CODE_BITS:
        raise LimitError("a derivative in more than 65536 directions is beyond the bound; use smaller dimensions")
    return (1 << level) | (direction << (LEVEL_BITS + CODE_BITS * level))


def direction_of(key: int, level: int) -> int:
    """The direction k of the factor e(level, k) of a monomial.

    >>> direction_of(monomial(0, 3) + monomial(1, 7), 1)
    7
    """
    return (key >> (LEVEL_BITS + CODE_BITS * level)) & ((1 << CODE_BITS) - 1)


def order(jet: Jet) -> int:
    """How many levels occur: a product of more infinitesimal factors than that vanishes."""
    levels = 0
    for key in jet.parts:
        levels |= key
    return (levels & LEVELS).bit_count()


def add(x: Jet, y: Jet) -> Jet:
    """x + y."""
    parts = dict(x.parts)
    for key, part in y.parts.items():
        parts[key] = parts[key] + part if key in parts else part
    return Jet(x.rows, x.cols, parts)


def subtract(x: Jet, y: Jet) -> Jet:
    """x - y."""
    parts = dict(x.parts)
    for key, part in y.parts.items():
        parts[key] = parts[key] - part if key in parts else -part
    return Jet(x.rows, x.cols, parts)


def apply_linear(x: Jet, rows: int, cols: int, linear: Callable[[Matrix], Matrix]) -> Jet:
    """The image under a linear map of matrices, part by part."""
    return Jet(rows, cols, {key: linear(part) for key, part in x.parts.items()})


def negate(x: Jet) -> Jet:
    """-x."""
    return Jet(x.rows, x.cols, {key: -part for key, part in x.parts.items()})


def transpose(x: Jet) -> Jet:
    """The transpose."""
    return Jet(x.cols, x.rows, {key: part.transpose() for key, part in x.parts.items()})


def _bilinear(x: Jet, y: Jet, rows: int, cols: int, product: Callable[[Matrix, Matrix], Matrix]) -> Jet:
    parts: Parts = {}
    right = list(y.parts.items())
    for first, a in x.parts.items():
        for second, b in right:
            if first & second & LEVELS:
                continue
            key = first + second
            term = product(a, b)
            parts[key] = parts[key] + term if key in parts else term
    return Jet(rows, cols, parts)


def multiply(x: Jet, y: Jet) -> Jet:
    """The matrix product."""
    if len(x.parts) == len(y.parts) == 1 and 0 in x.parts and 0 in y.parts:  # nothing moves: the common case
        return Jet(x.rows, y.cols, {0: x.parts[0] * y.parts[0]})
    return _bilinear(x, y, x.rows, y.cols, lambda a, b: a * b)


def scale(scalar: Jet, x: Jet) -> Jet:
    """A scalar (1 x 1) times a matrix."""
    return _bilinear(scalar, x, x.rows, x.cols, lambda s, b: b * s[0, 0])


def hadamard(x: Jet, y: Jet, numbers: NumberSystem) -> Jet:
    """The entrywise product."""
    rows, cols = x.rows, x.cols

    def product(a: Matrix, b: Matrix) -> Matrix:
        return numbers.matrix(rows, cols, [p * q for p, q in zip(a.entries(), b.entries(), strict=True)])

    return _bilinear(x, y, rows, cols, product)


def dot(x: Jet, y: Jet, numbers: NumberSystem) -> Jet:
    """The sum of the entrywise products, a scalar."""

    def product(a: Matrix, b: Matrix) -> Matrix:
        total = sum((p * q for p, q in zip(a.entries(), b.entries(), strict=True)), start=0)
        return numbers.matrix(1, 1, [total])

    return _bilinear(x, y, 1, 1, product)


def nilpotent(x: Jet) -> Jet | None:
    """The infinitesimal part alone, or None where there is none. (It has no part 0.)"""
    if len(x.parts) == 1:
        return None
    return Jet(x.rows, x.cols, {key: part for key, part in x.parts.items() if key})


def inverse(x: Jet, numbers: NumberSystem) -> Jet:
    """(V + N)^-1 = sum_k (-V^-1 N)^k V^-1, a finite sum since N is nilpotent.

    Raises UndefinedError where V is singular.
    """
    inverted = Jet(x.rows, x.cols, {0: numbers.invert(x.parts[0])})
    rest = nilpotent(x)
    if rest is None:
        return inverted
    step = negate(multiply(inverted, rest))
    total = term = inverted
    for _ in range(order(x)):
        term = multiply(step, term)
        if not term.parts:
            break
        total = add(total, term)
    return total


def trace(x: Jet, numbers: NumberSystem) -> Jet:
    """The trace, a scalar."""
    n = x.rows
    return apply_linear(x, 1, 1, lambda a: numbers.matrix(1, 1, [sum((a[i, i] for i in range(n)), start=0)]))


def determinant(x: Jet, numbers: NumberSystem) -> Jet:
    """The determinant by Faddeev-LeVerrier, which divides by integers only.

    Elimination needs invertible pivots; the derivative of det at a singular matrix exists and needs none.
    """
    n = x.rows
    if len(x.parts) == 1:
        return Jet(1, 1, {0: numbers.matrix(1, 1, [x.parts[0].det()])})
    unit = Jet(n, n, {0: identity(n, numbers)})
    product = x
    coefficient = negate(trace(x, numbers))
    for k in range(2, n + 1):
        product = multiply(x, add(product, scale(coefficient, unit)))
        factor = numbers.number(fmpq(-1, k))
        coefficient = apply_linear(trace(product, numbers), 1, 1, partial(mul, factor))
    return coefficient if n % 2 == 0 else negate(coefficient)


def identity(n: int, numbers: NumberSystem) -> Matrix:
    """The identity matrix of size n."""
    one, zero = numbers.number(fmpq(1)), numbers.number(fmpq(0))
    return numbers.matrix(n, n, [one if i == j else zero for i in range(n) for j in range(n)])
