"""SymPy expressions become trees of the same value, and come back."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    Determinant,
    Eq,
    HadamardProduct,
    Identity,
    MatrixSymbol,
    OneMatrix,
    Rational,
    Trace,
    ZeroMatrix,
    exp,
    log,
    sqrt,
)  # fmt: skip
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.diagonal import DiagMatrix, DiagonalMatrix, DiagonalOf

from symflow.errors import KindError, UnsupportedError
from symflow.expr.numpy_code import compile_numpy
from symflow.expr.sympy_bridge import from_sympy, to_sympy
from symflow.expr.tree import ENTRYWISE, Equation, Expr
from tests.property.trees import DERIVATIVE_FREE, SHAPES, SYMBOLS, expressions
from tests.property.values import random_value

n, m = sympy.symbols("n m")
s, t = sympy.symbols("s t")
A, B, C = MatrixSymbol("A", n, n), MatrixSymbol("B", n, m), MatrixSymbol("C", n, n)
x, y = MatrixSymbol("x", n, 1), MatrixSymbol("y", n, 1)
entry = sympy.Dummy("entry")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (A * C * x, "A@C@x"),
        (x - y, "x - y"),
        (-A * x, "-A@x"),
        (2 * A + Rational(1, 2) * C, "2*A + 1/2*C"),
        (s * A * x, "s*A@x"),
        (B.T * x, "B.T@x"),
        (A.inverse() * x, "inv(A)@x"),
        (A**3, "A**3"),
        (Trace(A * C), "tr(A@C)"),
        (Trace(x.T * A * x), "x.T@A@x"),
        (Determinant(A) * x, "det(A)*x"),
        (log(sympy.Abs(Determinant(A))), "logdet(A)"),
        (log(Determinant(A)), "log(det(A))"),
        (HadamardProduct(x, y, x), "hadamard(hadamard(x, y), x)"),
        (DiagMatrix(x), "diag(x)"),
        (DiagonalOf(A), "diagpart(A)"),
        (DiagonalMatrix(A), "diag(diagpart(A))"),
        (Identity(n) + A, "eye(n) + A"),
        (OneMatrix(n, 1), "ones(n)"),
        (ZeroMatrix(n, m), "zeros(n, m)"),
        (x / Trace(x.T * x), "x/(x.T@x)"),
        (1 / sqrt(s), "1/sqrt(s)"),
        (sqrt(s) ** 3, "sqrt(s)**3"),
        (exp(s) / t, "exp(s)/t"),
        (s**-2, "s**-2"),
        (sympy.Function("f")(s), "f(s)"),
        (ElementwiseApplyFunction(sympy.Lambda(entry, exp(entry)), x), "exp(x)"),
        (ElementwiseApplyFunction(sympy.Function("f"), A * x), "f(A@x)"),
        (MatrixSymbol("w", 3, 1), "w"),
    ],
)
def test_from_sympy(expression: Any, text: str) -> None:
    got = from_sympy(expression)
    assert isinstance(got, Expr)
    assert sorted(repr(got).split(" + ")) == sorted(text.split(" + "))


def test_kinds_are_given_by_name() -> None:
    e = from_sympy(A * x + y, {"A": "orthogonal"})
    kinds = {node.data[0].name: node.data[0] for node in e.walk() if node.op == "symbol"}  # type: ignore[union-attr]
    assert kinds["A"].kind == "orthogonal"
    assert kinds["A"].dims == ("n",)
    assert kinds["x"].kind == "vector"
    assert from_sympy(sympy.Symbol("p", positive=True)).data[0].kind == "positive_scalar"  # type: ignore[union-attr]


def test_equations() -> None:
    e = from_sympy(Eq(A * x, y))
    assert isinstance(e, Equation)
    assert repr(e) == "A@x == y"
    assert to_sympy(e) == Eq(A * x, y)


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        (sympy.KroneckerProduct(A, C), "KroneckerProduct"),
        (sympy.Integral(s, (s, 0, 1)), "Integral"),
        (s**t, "Pow"),
        (A[0, 1], "MatrixElement"),
        (A.diff(A), "ArrayAdd|PermuteDims|ArrayTensorProduct|Array"),
        (sympy.conjugate(s), "conjugate"),
        (sympy.BlockMatrix([[A, C]]), "BlockMatrix"),
        (MatrixSymbol("V", n + 1, 1), "the size n"),
        (A**t, "MatPow"),
        (ElementwiseApplyFunction(sympy.Lambda(entry, entry + 1), x), "by entry: compositions"),
        (sympy.pi * s, "Pi"),
        ("A*x", "no SymPy expression"),
    ],
)
def test_what_is_not_supported_raises(expression: Any, name: str) -> None:
    with pytest.raises(UnsupportedError, match=name):
        from_sympy(expression)


def test_floats_are_refused() -> None:
    with pytest.raises(KindError, match="exact numbers only"):
        from_sympy(0.5 * s)


@pytest.mark.parametrize(
    "expression",
    [
        A * C * x - 2 * y, Trace(A.T * C), s * A + Identity(n) / 2, A.inverse() * C, HadamardProduct(A, C) * x,
        DiagMatrix(x) * A, Determinant(A) * Trace(x.T * y) * x, A**2 * x, x * x.T * y, OneMatrix(n, n) * A,
        exp(s) * sqrt(t) * x / (1 + s**2), n * A,
    ],
)  # fmt: skip
def test_sympy_expressions_come_back(expression: Any) -> None:
    back = to_sympy(from_sympy(expression))
    assert back == expression or (back - expression).doit() in (0, ZeroMatrix(*getattr(expression, "shape", (n, n))))


SUPPORTED = DERIVATIVE_FREE - {"datasum", "inv", "log", "sqrt", "pow", "div", "step", "exp", "apply"}


SIZES = {"n": 2, "m": 3}
VALUES = {name: random_value(symbol, SIZES, 1, np.random.default_rng(5)) for name, symbol in SYMBOLS.items()}
KINDS = {name: symbol.kind for name, symbol in SYMBOLS.items()} | {"n": "dim", "m": "dim"}


def evaluated(e: Expr) -> Any:
    f = compile_numpy(e)
    with np.errstate(divide="ignore"):  # the logarithm of a singular determinant is -inf on both sides
        return f(**{name: VALUES[name] for name in f.symbols}, **{name: SIZES[name] for name in f.dimensions})


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.sampled_from(SHAPES).flatmap(lambda shape: expressions(shape, depth=3, ops=SUPPORTED)))
def test_round_trip_keeps_the_value(e: Expr) -> None:
    back = from_sympy(to_sympy(e), KINDS)
    assert isinstance(back, Expr)
    expected = evaluated(e)
    np.testing.assert_allclose(evaluated(back), expected, rtol=1e-9, atol=1e-9 * (1 + np.abs(expected).max()))


@pytest.mark.parametrize("op", sorted(SUPPORTED - {"symbol", "number", "eye", "zeros", "ones"}))
@settings(max_examples=12, deadline=None, derandomize=True)
@given(data=st.data())
def test_each_operation_keeps_its_value(op: str, data: st.DataObject) -> None:
    shape = ("n", "n") if op in ("comm", "sym", "skew", "diag", "hadamard") else (1, 1)
    shape = ("n", 1) if op == "diagpart" else shape
    e = data.draw(expressions(shape, depth=1, ops={op}).filter(lambda e: e.op == op))
    back = from_sympy(to_sympy(e), KINDS)
    assert isinstance(back, Expr)
    np.testing.assert_allclose(evaluated(back), evaluated(e), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("op", sorted(ENTRYWISE))
def test_entrywise_functions_come_back(op: str) -> None:
    from symflow.expr import language
    from symflow.expr.language import variable

    for symbol in (SYMBOLS["u_n"], SYMBOLS["s"]):
        e = getattr(language, op)(variable(symbol))
        assert from_sympy(to_sympy(e)).same(e)  # type: ignore[union-attr]


def test_families_and_derivatives_do_not_cross() -> None:
    from symflow.expr.language import datasum, grad, variable

    u = variable(SYMBOLS["u_n"])
    with pytest.raises(UnsupportedError, match="families"):
        to_sympy(datasum(variable(SYMBOLS["x_n"], "i"), "i"))
    with pytest.raises(UnsupportedError, match="grad has no counterpart"):
        to_sympy(grad(u.T @ u, u))


def test_sympy_is_imported_on_first_use() -> None:
    code = "import sys, symflow.expr.sympy_bridge; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
