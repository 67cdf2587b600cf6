"""mpmath functions against NumPy's on any tree, against exact arithmetic, and beyond the reach of floats."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symflow.claims.statements import parse_expression
from symflow.errors import KindError, ShapeError, UndefinedError, UnsupportedError
from symflow.expr.language import (
    datasum,
    det,
    diag,
    exp,
    eye,
    grad,
    inv,
    log,
    logdet,
    relu,
    sqnorm,
    sqrt,
    step,
    variable,
)
from symflow.expr.mpmath_code import compile_mpmath
from symflow.expr.numpy_code import compile_numpy
from symflow.expr.tree import Expr, FunctionSymbol, Symbol
from tests.property.trees import DERIVATIVE_FREE, SHAPES, SYMBOLS, expressions
from tests.property.values import random_value

DIMS = {"n": 2, "m": 3}
POINTS = 2
WEIGHTS = [0.5, 1.25]
VALUES = {
    name: random_value(symbol, DIMS, POINTS, np.random.default_rng(list(name.encode())))
    for name, symbol in SYMBOLS.items()
}
FUNCTIONS = {
    "f": (mpmath.sin, mpmath.cos, lambda v: -mpmath.sin(v)),
    "g": (mpmath.atan, lambda v: 1 / (1 + v**2), mpmath.tanh),
}

n_vector = Symbol("v", "vector", ("n",))
v = variable(n_vector)
A = variable(Symbol("A", "matrix", ("n",)))
D = variable(Symbol("D", "positive_diagonal", ("n",)))
s = variable(Symbol("s", "scalar"))
x_i = variable(Symbol("x", "vector", ("n",), family=True), "i")
x_j = variable(Symbol("x", "vector", ("n",), family=True), "j")


def floats(value: Any) -> Any:
    """What an mpmath function returns as the arrays that NumPy functions return."""
    if isinstance(value, list):
        return np.array([floats(one) for one in value])
    if not isinstance(value, mpmath.matrix):
        return float(value)
    return np.array(value.tolist(), dtype=float)


def agrees(e: Expr) -> bool:
    """Whether the expression has a moderate value; if so, mpmath must give what NumPy gives."""
    compiled = compile_numpy(e)
    names = {node.data[0].name for node in e.walk() if node.op in ("symbol", "apply")}
    dims = {name: DIMS[name] for name in compiled.dimensions}
    with np.errstate(all="ignore"):
        try:
            expected = compiled(**{name: VALUES[name] for name in names}, **dims, weights=WEIGHTS)
        except np.linalg.LinAlgError:
            return False
    if not np.isfinite(expected).all() or np.abs(expected).max() > 1e6:
        return False
    with mpmath.workdps(40):
        try:
            found = compile_mpmath(e)(**{name: (VALUES | FUNCTIONS)[name] for name in names}, **dims, weights=WEIGHTS)
        except UndefinedError:
            return False
    got = floats(found)
    got = got if e.shape == (1, 1) or e.shape[1] != 1 else got[..., 0]
    assert np.shape(got) == np.shape(expected)
    np.testing.assert_allclose(got, expected, rtol=1e-7, atol=1e-7 * max(1.0, float(np.abs(expected).max())))
    return True


# neither steps nor divisions by rounding errors: the two precisions stay together and every draw counts
TAME = DERIVATIVE_FREE - {"div", "inv", "pow", "exp", "log", "sqrt", "logdet", "step", "det"}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(SHAPES).flatmap(lambda shape: expressions(shape, depth=3, ops=TAME)))
def test_agrees_with_numpy(e: Expr) -> None:
    assume(agrees(e))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(SHAPES).flatmap(lambda shape: expressions(shape, depth=2, bound=("i",), ops=TAME)))
def test_agrees_with_numpy_with_a_free_index(e: Expr) -> None:
    assume(agrees(e))


SOURCES = [
    "inv(A_n)@u_n", "A_n**3", "A_n**-2", "s**-1", "(s*t)**0", "det(A_m)", "logdet(A_m)", "exp(A_n)", "step(u_m)",
    "log(pos)", "sqrt(pos)/s", "B_nm@inv(A_m)@C_mn", "inv(positive_diagonal_n)", "det(positive_diagonal_m)",
    "datasum(datasum(z[i]*z[j]*x_n[i]@x_n[j].T, i), j)", "datasum(s, i)", "L@u_n", "L.T", "f.d(A_n)",
    "datasum(M_n[i]@x_n[i], i)", "datasum(inv(X_n[i]), i)", "g.d.d(u_n)", "eye(n)", "ones(n, m)", "zeros(m, 1)",
    "skew(A_n) - 3*sym(A_n)", "outer(u_n, v_m)", "outer(u_n, v_n)", "comm(A_n, invertible_n)", "diag(u_n)",
    "diagpart(A_m)", "dot(A_n, invertible_n)", "sqnorm(B_nm)", "tr(A_m)", "hadamard(A_n, orthogonal_n)",
    "relu(u_m) - sin(u_m)", "tanh(A_n) + cos(-A_n)",
]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_agrees_with_numpy_on_every_operation(source: str) -> None:
    assert agrees(parse_expression(source, SYMBOLS))


def test_the_list_has_every_operation() -> None:
    assert {node.op for source in SOURCES for node in parse_expression(source, SYMBOLS).walk()} == DERIVATIVE_FREE


def test_equals_exact_arithmetic_at_forty_digits() -> None:
    table = [[Fraction(1, 3), Fraction(2, 7)], [Fraction(-5, 11), Fraction(1, 13)]]
    (a, b), (c, d) = table
    det_ = a * d - b * c
    exact = [[d / det_, -b / det_], [-c / det_, a / det_]]
    with mpmath.workdps(40):
        found = compile_mpmath(inv(A) / 3)(A=table)
        for k in range(2):
            for m in range(2):
                wanted = exact[k][m] / 3
                assert abs(found[k, m] * wanted.denominator - wanted.numerator) < mpmath.mpf(10) ** -35


def test_precision_is_that_of_the_call() -> None:
    third = compile_mpmath(s / 3)
    with mpmath.workdps(60):
        assert mpmath.nstr(third(1), 60) == "0." + "3" * 60
        assert mpmath.nstr(compile_mpmath(Fraction(1, 3) * s)(1), 60) == "0." + "3" * 60
    with mpmath.workdps(60):
        assert mpmath.nstr(compile_mpmath(exp(s))("1"), 40) == "2.718281828459045235360287471352662497757"
    with mpmath.workdps(10):
        rough = third(1)
    assert 1e-14 < abs(rough - third(1)) < 1e-10


def test_floats_cannot_tell_but_forty_digits_can() -> None:
    difference = compile_mpmath(sqnorm(v) - s)
    with mpmath.workdps(50):
        assert abs(difference(v=[1, "1e-20"], s=1) * mpmath.mpf(10) ** 40 - 1) < 1e-9
    assert compile_numpy(sqnorm(v) - s)(v=[1, 1e-20], s=1) == 0


def test_a_diagonal_far_from_the_identity_is_no_singular_matrix() -> None:
    with mpmath.workdps(30):
        assert compile_mpmath(det(D))(["1", "1e-60"]) == mpmath.mpf("1e-60")
        assert abs(compile_mpmath(inv(D))(["1", "1e-60"])[1, 1] / mpmath.mpf("1e60") - 1) < 1e-28
        assert abs(compile_mpmath(logdet(D))(["1", "1e-60"]) + 60 * mpmath.log(10)) < 1e-25


def test_what_arguments_may_be() -> None:
    double = compile_mpmath(D @ v)
    expected = mpmath.matrix([3, 8])
    for diagonal in ([3, 4], mpmath.matrix([3, 4]), mpmath.diag([3, 4]), np.diag([3, 4]), ((3, 0), (0, 4))):
        for vector in ([1, 2], [[1], [2]], mpmath.matrix([1, 2]), np.array([1.0, 2.0])):
            assert double(D=diagonal, v=vector) == double(diagonal, vector) == expected
    total = compile_mpmath(datasum(x_i, "i"))
    for family in ([[1, 2], [3, 4]], [mpmath.matrix([1, 2]), mpmath.matrix([3, 4])], np.array([[1, 2], [3, 4]])):
        assert total(x=family) == mpmath.matrix([4, 6])
        assert total(x=family, weights=mpmath.matrix([2, "1/2"])) == mpmath.matrix([3.5, 6])


def test_a_row_may_be_flat() -> None:
    row = compile_mpmath(variable(Symbol("L", "matrix", (1, "n"))))
    assert row([1, 2]) == row([[1, 2]]) == mpmath.matrix([[1, 2]])


def test_exchanged_rows_change_the_sign_of_the_determinant() -> None:
    assert compile_mpmath(det(A))([[0, 1], [1, 0]]) == -1
    assert compile_mpmath(det(A))([[0, 1, 0], [0, 0, 1], [1, 0, 0]]) == 1


def test_free_indices_become_lists() -> None:
    gram = compile_mpmath(x_j.T @ x_i)
    assert gram(x=[[1, 2], [3, 4]]) == [[5, 11], [11, 25]]
    asymmetric = compile_mpmath(x_j - 2 * x_i)(x=[[1], [10]])
    assert asymmetric[0][1] == mpmath.matrix([8])
    assert asymmetric[1][0] == mpmath.matrix([-19])


def test_kinks_and_functions() -> None:
    assert compile_mpmath(relu(v))([-1, 2]) == mpmath.matrix([0, 2])
    assert compile_mpmath(step(v))([0, 2]) == mpmath.matrix([0, 1])
    f = FunctionSymbol(Symbol("f", "function"))
    assert compile_mpmath(f(v))(f=lambda u: u**2, v=[2, 3]) == mpmath.matrix([4, 9])
    assert compile_mpmath(f.d(v))(f=(None, lambda u: u**3), v=[2, 3]) == mpmath.matrix([8, 27])


@pytest.mark.parametrize(
    ("expression", "values", "message"),
    [
        (inv(A), {"A": [[1, 2], [2, 4]]}, "singular"),
        (1 / s, {"s": 0}, "division by zero"),
        (s**-2, {"s": 0}, "division by zero"),
        (log(s), {"s": -1}, r"log\(-1.0\)"),
        (sqrt(s), {"s": "-0.5"}, r"sqrt\(-0.5\)"),
        (logdet(A), {"A": [[0, 0], [0, 0]]}, r"log\(0"),
    ],
)
def test_no_value_is_an_error(expression: Expr, values: dict[str, Any], message: str) -> None:
    with pytest.raises(UndefinedError, match=message):
        compile_mpmath(expression)(**values)


@pytest.mark.parametrize(
    ("expression", "values", "message"),
    [
        (A @ v, {"A": [[1, 2], [3, 4]], "v": [1, 2, 3]}, "n is 2 by A but 3 by v"),
        (A, {"A": [[1, 2], [3]]}, "no such table"),
        (s, {"s": [1, 2]}, "2 by s"),
        (D, {"D": [[1, 1], [0, 1]]}, "not diagonal"),
        (datasum(x_i, "i"), {"x": [[1], [2]], "weights": [1, 2, 3]}, "data points is 2 by x but 3 by weights"),
    ],
)
def test_shapes_that_do_not_fit(expression: Expr, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        compile_mpmath(expression)(**values)


def test_what_cannot_be_compiled_or_called() -> None:
    with pytest.raises(UnsupportedError, match="grad has no mpmath code"):
        compile_mpmath(grad(sqnorm(v), v))
    with pytest.raises(KindError, match="lack"):
        compile_mpmath(A @ v, ["A"])
    with pytest.raises(KindError, match="missing arguments: v"):
        compile_mpmath(A @ v)(A=[[1]])
    with pytest.raises(KindError, match="give weights="):
        compile_mpmath(datasum(s, "i"))(s=1)
    assert compile_mpmath(datasum(s, "i"))(s=2, weights=[1, 3]) == 8
    assert compile_mpmath(eye("n") + 0 * diag(variable(n_vector)))(v=[1, 1]) == mpmath.eye(2)
