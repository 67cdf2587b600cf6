"""Derivative nodes against exact difference quotients, which use no infinitesimal at all."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from flint import fmpq, fmpq_mat
from refutation_statements import family, n, v

from symflow.expr import language as lang
from symflow.expr.kinds import KINDS
from symflow.expr.tree import Expr, FunctionSymbol, Symbol
from symflow.refutation import Point, compare, prepare
from symflow.refutation.derivatives import basis
from symflow.refutation.evaluation import Evaluator
from symflow.refutation.instances import instance
from symflow.refutation.numbers import RATIONALS
from symflow.refutation.palettes import SMALL

SIZE = 3
LINEAR_KINDS = [k.name for k in KINDS.values() if k.square]
RNG = Random(5)


def value(expression: Expr, point: Point) -> fmpq_mat:
    """The exact value of an expression."""
    found: fmpq_mat = Evaluator(point, RATIONALS).value(prepare(expression == expression).sides[0][0])
    return found


def slope(f: Expr, point: Point, name: str, direction: fmpq_mat, member: int = 0) -> fmpq_mat:
    """The derivative of a polynomial of degree at most 4 along a line: exact five-point differences."""

    def shifted(t: int) -> fmpq_mat:
        return value(f, point.with_value(name, member, point.values[name][member] + direction * fmpq(t)))

    return (shifted(1) * 8 - shifted(-1) * 8 - shifted(2) + shifted(-2)) * fmpq(1, 12)


def inner(left: fmpq_mat, right: fmpq_mat) -> fmpq:
    """The sum of the entrywise products."""
    return sum((p * q for p, q in zip(left.entries(), right.entries(), strict=True)), start=fmpq(0))


def _point(*symbols: Symbol, count: int = 1) -> Point:
    values = {
        s.name: tuple(
            instance(s.kind, SIZE, 1 if s.kind == "vector" else SIZE, RNG, SMALL)
            for _ in range(count if s.family else 1)
        )
        for s in symbols
    }
    return Point({n: SIZE}, values, tuple(fmpq(k + 2, 3) for k in range(count)))


@pytest.mark.parametrize("kind", LINEAR_KINDS)
def test_gradient_is_the_element_of_its_space(kind: str) -> None:
    X, A, y = v("X", kind, n), v("A", "matrix", n), v("y", "vector", n)
    f = lang.tr(A @ X @ A.T @ X) + y.T @ X @ X @ A @ y
    point = _point(X.data[0], A.data[0], y.data[0])
    G = value(lang.grad(f, X), point)
    space = basis(KINDS[kind].linear, SIZE, SIZE).members
    for E in space:
        assert slope(f, point, "X", E)[0, 0] == inner(G, E)
    # G lies in the space: orthogonal to everything that is orthogonal to the space
    rest = G
    for E in space:
        rest = rest - E * (inner(G, E) / inner(E, E))
    assert rest == fmpq_mat(SIZE, SIZE)


@pytest.mark.parametrize(("linear", "count"), [("all", 9), ("symmetric", 6), ("antisymmetric", 3), ("diagonal", 3)])
def test_bases_are_orthogonal_and_complete(linear: str, count: int) -> None:
    on = basis(linear, 3, 3)
    assert len(on.members) == count
    for i, E in enumerate(on.members):
        for j, F in enumerate(on.members):
            assert inner(E, F) == (on.squares[i] if i == j else 0)


def test_lie_gradient_by_differences() -> None:
    R, A, S = v("R", "orthogonal", n), v("A", "matrix", n), v("S", "symmetric", n)
    f = lang.tr(A @ R @ S @ R.T)
    point = _point(R.data[0], A.data[0], S.data[0])
    omega = value(lang.liegrad(f, R), point)
    assert omega == -omega.transpose()
    for E in basis("antisymmetric", SIZE, SIZE).members:
        assert slope(f, point, "R", E * point.values["R"][0])[0, 0] == inner(omega, E)


def test_jacobian_columns_by_differences() -> None:
    x, A = v("x", "vector", n), v("A", "matrix", n)
    f = lang.hadamard(A @ x, x) + (x.T @ x) * (A.T @ x)
    point = _point(x.data[0], A.data[0])
    J = value(lang.jac(f, x), point)
    for b, E in enumerate(basis("all", SIZE, 1).members):
        column = slope(f, point, "x", E)
        assert [J[a, b] for a in range(SIZE)] == column.entries()


def test_nested_derivatives() -> None:
    x, A, u = v("x", "vector", n), v("A", "matrix", n), v("u", "vector", n)
    point = _point(x.data[0], A.data[0], u.data[0])
    quartic = (x.T @ A @ x) ** 2
    hessian = lang.jac(lang.grad(quartic, x), x)
    B = A + A.T
    by_hand = 2 * lang.outer(B @ x) + 2 * (x.T @ A @ x) * B
    assert not compare(prepare(hessian == by_hand), point).differ
    third = lang.diff(hessian, x, u)
    assert value(third, point) == slope(hessian, point, "x", point.values["u"][0])
    # a direction that depends on x is held fixed: along of grad
    moving = lang.along(lang.grad(quartic, x), {x: A @ x})
    assert not compare(prepare(moving == by_hand @ A @ x), point).differ
    # but outer derivatives do see that direction
    outer = lang.grad(lang.along(x.T @ x, {x: A @ x}), x)
    assert not compare(prepare(outer == 2 * B @ x), point).differ


def test_gradient_of_an_inverse_and_a_determinant_twice() -> None:
    X, A, E = v("X", "invertible", n), v("A", "matrix", n), v("E", "matrix", n)
    point = _point(X.data[0], A.data[0], E.data[0])
    W = lang.inv(X)
    second = lang.diff(lang.diff(W, X, E), X, A)
    assert not compare(prepare(second == W @ A @ W @ E @ W + W @ E @ W @ A @ W), point).differ
    twice = lang.diff(lang.diff(lang.det(X), X, E), X, A)
    by_hand = lang.det(X) * (lang.tr(W @ A) * lang.tr(W @ E) - lang.tr(W @ A @ W @ E))
    assert not compare(prepare(twice == by_hand), point).differ


def test_member_of_a_family_moves_alone() -> None:
    x, y = family("x", "vector", n), v("y", "vector", n)
    xj = family("x", "vector", n, index="j")
    point = _point(x.data[0], y.data[0], count=3)
    total = lang.datasum(xj, "j")
    # d/dx_i |sum_j w_j x_j|^2 = 2 w_i sum_j w_j x_j, so the weighted sum over i of <x_i, .> has w_i^2
    g = lang.grad(total.T @ total, x)
    program = prepare(g == y)
    for member, weight in enumerate(point.weights):
        found = Evaluator(point, RATIONALS).value(program.sides[0][0], {"i": member})
        sum_ = value(total, point)
        assert found == sum_ * (2 * weight)
        E = point.values["y"][0]
        assert slope(total.T @ total, point, "x", E, member)[0, 0] == inner(found, E)


def test_a_family_moves_along_its_own_velocities() -> None:
    x, A = family("x", "vector", n), v("A", "matrix", n)
    point = _point(x.data[0], A.data[0], count=3)
    cost = lang.datasum(lang.sqnorm(x), "i")
    moved = lang.along(cost, {x: A @ x - lang.datasum(x, "i")})
    total = lang.datasum(x, "i")
    by_hand = 2 * lang.datasum(x.T @ A @ x, "i") - 2 * (total.T @ total)
    assert not compare(prepare(moved == by_hand), point).differ
    assert compare(prepare(moved == 2 * lang.datasum(x.T @ A @ x, "i")), point).differ


def test_functions_have_exact_derivatives() -> None:
    f = FunctionSymbol(Symbol("f", "function"))
    s = v("s", "scalar")
    point = Point({}, {"s": (fmpq_mat(1, 1, [fmpq(2, 3)]),)}, functions={"f": (fmpq(1), fmpq(0), fmpq(-1, 2), fmpq(3))})
    for order in range(5):
        higher = FunctionSymbol(f.symbol, order)
        assert not compare(prepare(lang.grad(higher(s), s) == higher.d(s)), point).differ
    assert value(f.d.d(s), point)[0, 0] == -1 + 18 * fmpq(2, 3)
    assert value(f.d.d.d.d(s), point)[0, 0] == 0
    assert not compare(prepare(lang.grad(f(s * f(s)), s) == f.d(s * f(s)) * (f(s) + s * f.d(s))), point).differ


def test_taylor_coefficients_to_third_order() -> None:
    s = v("s", "scalar")
    point = Point({}, {"s": (fmpq_mat(1, 1, [fmpq(2, 3)]),)})

    def third(e: Expr) -> Expr:
        return lang.grad(lang.grad(lang.grad(e, s), s), s)

    t = lang.tanh(s)
    expected = {
        "exp": (lang.exp(2 * s), 8 * lang.exp(2 * s)),
        "log": (lang.log(s), 2 / s**3),
        "sqrt": (lang.sqrt(s), Fraction(3, 8) / (s**2 * lang.sqrt(s))),
        "sin": (lang.sin(s), -lang.cos(s)),
        "cos": (lang.cos(s), lang.sin(s)),
        "tanh": (t, (1 - t**2) * (6 * t**2 - 2)),
        "reciprocal": (1 / s, -6 / s**4),
        "relu": (lang.relu(s**3), 6 + 0 * s),
    }
    for name, (function, by_hand) in expected.items():
        assert not compare(prepare(third(function) == by_hand), point).differ, name
        assert compare(prepare(third(function) == by_hand + Fraction(1, 10**9)), point).differ, name
    for function in (lang.sin(s), lang.cos(s)):
        second = lang.grad(lang.grad(function, s), s)
        assert not compare(prepare(second == -function), point).differ
        assert compare(prepare(second == function), point).differ
    X = v("X", "matrix", 2)
    at_X = Point({}, {"X": (fmpq_mat(2, 2, [0, 1, 2, 1]),)})  # determinant -2: log|det| all the same
    assert not compare(prepare(lang.grad(lang.logdet(X), X) == lang.inv(X).T), at_X).differ
