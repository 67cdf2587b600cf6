"""The peer "SymPy, entry by entry": what a SymPy user writes for the statements B3, B5 and A7 at one size.

Explicit matrices of symbols, ``sympy.diff`` by an entry, ``sympy.cancel`` of every entry of the difference. Orthogonal
matrices are Cayley transforms, masks run through all patterns. SymPy is asked for less than symflow proves: one data
point, determinant +1 only, one size; and ``cancel`` is the fair choice, since ``simplify`` is slower on all three.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from sympy import Expr, Matrix, Symbol, cancel, diag, diff, eye, symbols, zeros

Entries = Iterator[Expr]


def truncated(R: Matrix, H: Matrix, x: Matrix, b: Matrix, y: Matrix) -> Matrix:
    """The residual τ(x) − y of one adapted layer."""
    return R.T * H * R * (x + b) - b - y


def squared(v: Matrix) -> Expr:
    """Sum of the squares of the entries."""
    return sum(entry**2 for entry in v)


def bias_gradient(R: Matrix, H: Matrix, x: Matrix, b: Matrix, y: Matrix) -> Entries:
    """B3: entries of the gradient minus (1 − RᵀHR)(b + y)."""
    cost = squared(truncated(R, H, x, b, y)) / 2
    claimed = (eye(len(b)) - R.T * H * R) * (b + y)
    for entry, value in zip(b, claimed, strict=True):
        yield diff(cost, entry) - value


def rotation_gradient(R: Matrix, H: Matrix, x: Matrix, b: Matrix, y: Matrix) -> Entries:
    """B5: entries above the diagonal of the Lie gradient plus ½[R S Rᵀ, H]; Ω is ½ d/dt along each E_jk − E_kj."""
    size = len(b)
    moment = (x - y) * (x - y).T - (b + y) * (b + y).T
    bracket = R * moment * R.T * H - H * R * moment * R.T
    time = Symbol("t")
    for j, k in itertools.combinations(range(size), 2):
        generator = zeros(size, size)
        generator[j, k], generator[k, j] = 1, -1
        moved = R + time * generator * R
        slope = diff(squared(truncated(moved, H, x, b, y)) / 2, time).subs(time, 0)
        yield slope / 2 + bracket[j, k] / 2


def cost_split(R: Matrix, H: Matrix, x: Matrix, b: Matrix, y: Matrix) -> Entries:
    """A7: the cost minus its two parts."""
    kept, dropped = H * R * (x - y), (eye(len(b)) - H) * R * (b + y)
    yield squared(truncated(R, H, x, b, y)) - squared(kept) - squared(dropped)


STATEMENTS: dict[str, Callable[..., Entries]] = {"B3": bias_gradient, "B5": rotation_gradient, "A7": cost_split}


def holds(statement: str, size: int) -> bool:
    """Whether SymPy finds that the statement holds at this size, for every mask."""
    R = _rotation(size)
    x, b, y = (Matrix(symbols(f"{name}:{size}")) for name in "xby")
    differences = STATEMENTS[statement]
    return all(
        cancel(entry) == 0
        for pattern in itertools.product((0, 1), repeat=size)
        for entry in differences(R, diag(*pattern), x, b, y)
    )


def _rotation(size: int) -> Matrix:
    """The Cayley transform (1 − A)(1 + A)⁻¹ of the general antisymmetric A."""
    generator = zeros(size, size)
    for j, k in itertools.combinations(range(size), 2):
        generator[j, k] = Symbol(f"r{j}{k}")
        generator[k, j] = -generator[j, k]
    inverse = (eye(size) + generator).inv(method="ADJ")
    return ((eye(size) - generator) * inverse).applyfunc(cancel)
