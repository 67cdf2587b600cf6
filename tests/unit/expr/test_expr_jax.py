"""JAX functions against NumPy's on any tree, under JAX's transformations; without JAX, the error that says so."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symflow.claims.statements import parse_expression
from symflow.errors import ShapeError, UnsupportedError
from symflow.expr.jax_code import compile_jax
from symflow.expr.language import datasum, exp, grad, sqnorm, variable
from symflow.expr.numpy_code import compile_numpy
from symflow.expr.tree import Expr, Symbol
from tests.property.trees import DERIVATIVE_FREE, SHAPES, SYMBOLS, expressions
from tests.property.values import random_value

needs_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
DIMS = {"n": 2, "m": 3}
WEIGHTS = np.array([0.5, 1.25, 2.0])
VALUES = {
    name: random_value(symbol, DIMS, 3, np.random.default_rng(list(name.encode()))) for name, symbol in SYMBOLS.items()
}
D = variable(Symbol("D", "diagonal", ("n",)))
A = variable(Symbol("A", "matrix", ("n",)))
v = variable(Symbol("v", "vector", ("n",)))
x_i = variable(Symbol("x", "vector", ("n",), family=True), "i")


@pytest.fixture(scope="module")
def jax() -> Iterator[Any]:
    library: Any = importlib.import_module("jax")
    before = library.config.jax_enable_x64
    library.config.update("jax_enable_x64", True)
    yield library
    library.config.update("jax_enable_x64", before)


def agrees(e: Expr, jax: Any) -> bool:
    """Whether the expression has a moderate value; if so, JAX must give what NumPy gives."""
    numpy_function, jax_function = compile_numpy(e), compile_jax(e)
    names = {node.data[0].name for node in e.walk() if node.op in ("symbol", "apply")}
    sizes = {name: DIMS[name] for name in numpy_function.dimensions}
    values = {name: VALUES[name] for name in names}
    functions = {
        "f": (jax.numpy.sin, jax.numpy.cos, lambda u: -jax.numpy.sin(u)),
        "g": (jax.numpy.arctan, lambda u: 1 / (1 + u**2), jax.numpy.tanh),
    }
    with np.errstate(all="ignore"):
        try:
            expected = numpy_function(**values, **sizes, weights=WEIGHTS)
        except np.linalg.LinAlgError:
            return False
    if not np.isfinite(expected).all() or np.abs(expected).max() > 1e6:
        return False
    got = np.asarray(
        jax_function(**{name: functions.get(name, VALUES[name]) for name in names}, **sizes, weights=WEIGHTS)
    )
    assert got.dtype == np.float64
    assert got.shape == np.shape(expected)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9 * max(1.0, float(np.abs(expected).max())))
    return True


TAME = DERIVATIVE_FREE - {"div", "inv", "pow", "exp", "log", "sqrt", "logdet", "step", "det"}


@needs_jax
def test_agrees_with_numpy(jax: Any) -> None:
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(st.sampled_from(SHAPES).flatmap(lambda shape: expressions(shape, depth=3, ops=TAME)))
    def check(e: Expr) -> None:
        assume(agrees(e, jax))

    check()


@needs_jax
@pytest.mark.parametrize(
    "source",
    [
        "inv(A_n)@u_n", "A_n**3", "A_n**-2", "s**-1", "det(A_m)", "logdet(A_m)", "exp(A_n)", "step(u_m)", "log(pos)",
        "sqrt(pos)/s", "B_nm@inv(A_m)@C_mn", "inv(positive_diagonal_n)", "det(positive_diagonal_m)", "f.d(A_n)",
        "logdet(positive_diagonal_n)", "datasum(inv(X_n[i])@x_n[i], i)", "datasum(s, i)",
        "datasum(inv(A_n)@A_n.T@x_n[i], i)",
    ],
)  # fmt: skip
def test_agrees_with_numpy_on_every_operation_left_out_above(source: str, jax: Any) -> None:
    assert agrees(parse_expression(source, SYMBOLS), jax)


@needs_jax
def test_transformations(jax: Any) -> None:
    cost = compile_jax(datasum(sqnorm(D @ A @ x_i), "i"))
    point = {
        "D": np.diag([1.0, 3.0]),
        "A": np.array([[1.0, 2.0], [0.0, 1.0]]),
        "x": np.array([[1.0, -1.0], [0.5, 2.0]]),
    }
    value = compile_numpy(cost.expression)(**point)
    assert np.allclose(jax.jit(cost)(**point), value)
    slope = compile_numpy(parse_expression("2*D@D@A@datasum(x[i]@x[i].T, i)", cost.symbols))(**point)
    assert np.allclose(jax.grad(lambda a: cost(**(point | {"A": a})))(point["A"]), slope)
    assert np.allclose(jax.jit(compile_jax(exp(v)))(v=np.array([0.0, 1.0])), [1.0, np.e])
    many = np.array([point["A"], 2 * point["A"]])
    assert np.allclose(jax.vmap(lambda a: cost(**(point | {"A": a})))(many), [value, 4 * value])


@needs_jax
def test_refusals(jax: Any) -> None:
    with pytest.raises(ShapeError, match="not diagonal"):
        compile_jax(D @ v)(D=np.ones((2, 2)), v=[1, 2])
    with pytest.raises(ShapeError, match="n is 2 by A but 3 by v"):
        jax.jit(compile_jax(A @ v))(A=np.eye(2), v=np.ones(3))
    with pytest.raises(UnsupportedError, match="carry the differentiation out"):
        compile_jax(grad(sqnorm(v), v))
    jax.config.update("jax_enable_x64", False)
    try:
        with pytest.raises(UnsupportedError, match="jax_enable_x64"):
            compile_jax(A @ v)(np.eye(2), np.ones(2))
    finally:
        jax.config.update("jax_enable_x64", True)


def test_without_jax_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(UnsupportedError, match=r'pip install "symflow\[jax\]"'):
        compile_jax(A @ v)
