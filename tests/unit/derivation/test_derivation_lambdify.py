"""``report.lambdify``: what is proved as functions, by NumPy, mpmath and JAX."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from symflow import Derivation, I, datasum, grad, sqnorm
from symflow.derivation.reports import Report
from symflow.errors import SymflowError, UnsupportedError

POINT: dict[str, Any] = {"R": [[0, 1], [-1, 0]], "H": [[1, 0], [0, 0], [0, 1]], "b": [1, 2]}


@pytest.fixture(scope="module")
def report() -> Report:
    d = Derivation("Bias")
    R, H, b = d.orthogonal("R", "Q"), d.mask("H", "Q", over="i"), d.vector("b", "Q")
    off = I("Q") - R.T @ H @ R
    cost = datasum(sqnorm(off @ b), "i") / 2
    d.claim("gradient", grad(cost, b) == datasum(off @ b, "i"))
    d.claim("twice", 2 * cost == datasum(sqnorm(off @ b), "i"))
    d.claim("derivative", 2 * grad(cost, b) == grad(2 * cost, b))
    d.claim("wrong", grad(cost, b) == datasum(b, "i"))
    return d.check()


def test_only_what_is_proved_and_has_no_derivative(report: Report) -> None:
    for backend in ("numpy", "mpmath"):
        assert list(report.lambdify(backend=backend)) == ["gradient", "twice"]
    with pytest.raises(SymflowError, match="'wrong'; there are: gradient, twice"):
        report.lambdify(backend="mpmath")["wrong"]


def test_numpy_is_the_default(report: Report) -> None:
    flow = report.lambdify()
    assert repr(flow) == "<NumPy functions gradient, twice>"
    assert flow["gradient"](**POINT).tolist() == report.lambdify("numpy")["gradient"](**POINT).tolist() == [2.0, 4.0]


def test_mpmath(report: Report) -> None:
    flow = report.lambdify(backend="mpmath")
    assert repr(flow) == "<mpmath functions gradient, twice>"
    assert flow["gradient"](**POINT) == mpmath.matrix([2, 4])
    # c, s of a rotation that no float holds: 20/29, 21/29
    turned = POINT | {"R": [[Fraction(20, 29), Fraction(21, 29)], [Fraction(-21, 29), Fraction(20, 29)]]}
    with mpmath.workdps(50):
        found = flow["gradient"](**turned, weights=[1, 0, 0])
        # b less its part along (20, 21)/29, which is 62/29 of it
        assert abs(found[0] - mpmath.mpf(841 - 1240) / 841) < mpmath.mpf(10) ** -48
        assert abs(found[1] - mpmath.mpf(1682 - 1302) / 841) < mpmath.mpf(10) ** -48
        assert abs(flow["twice"](**turned, weights=[1, 0, 0]) - mpmath.mpf(361) / 841) < mpmath.mpf(10) ** -48


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_jax(report: Report) -> None:
    jax: Any = importlib.import_module("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        flow = report.lambdify(backend="jax")
        arrays = {name: np.array(value, dtype=float) for name, value in POINT.items()}
        assert repr(flow) == "<JAX functions gradient, twice>"
        assert jax.jit(flow["gradient"])(**arrays).tolist() == [2.0, 4.0]
        by_jax = jax.grad(lambda b: flow["twice"](**(arrays | {"b": b})))(arrays["b"]) / 2
        assert np.allclose(by_jax, [2.0, 4.0], rtol=1e-14)
    finally:
        jax.config.update("jax_enable_x64", before)


def test_backends_that_are_not_there(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsupportedError, match="'torch'; there are: numpy, mpmath, jax"):
        report.lambdify(backend="torch")
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(UnsupportedError, match=r'pip install "symflow\[jax\]"'):
        report.lambdify(backend="jax")


def test_reports_load_neither_mpmath_code_nor_jax() -> None:
    code = (
        "import sys, symflow.derivation.reports\n"
        "assert 'symflow.expr.mpmath_code' not in sys.modules\n"
        "assert 'symflow.expr.jax_code' not in sys.modules and 'jax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
