"""Strategies keep their promises, exactly, reach every corner, and cover every kind, operation and dimension."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq_mat
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import symflow.testing as public
from symflow.errors import LimitError, ShapeError, UnsupportedError
from symflow.expr.kinds import KINDS
from symflow.expr.numpy_code import compile_numpy
from symflow.expr.tree import OPS, FunctionSymbol, Symbol, lift
from symflow.refutation.instances import belongs
from symflow.refutation.numbers import to_fmpq
from symflow.testing.symbol_values import STRATEGIES
from symflow.testing.trees import _BUILDERS, SYMBOLS

FEW = settings(max_examples=15)
LOOK = settings(
    max_examples=500, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)  # fmt: skip
SQUARE = sorted(kind.name for kind in KINDS.values() if kind.square)


def symbol_of(kind: str, family: bool = False) -> Symbol:
    dims = tuple("nm"[: min(KINDS[kind].dimensions)]) if kind != "matrix" else ("n", "m")
    return Symbol("X", kind, dims, family)


def as_flint(value: object) -> fmpq_mat:
    array = np.atleast_2d(np.array(value, dtype=object))
    return fmpq_mat(*array.shape, [to_fmpq(entry) for entry in array.flat])


def test_every_kind_has_a_strategy() -> None:
    assert set(STRATEGIES) == set(KINDS)


def test_every_operation_has_a_strategy() -> None:
    leaves = {"symbol", "number", "eye", "zeros", "ones"}
    assert set(_BUILDERS) | leaves == set(OPS)
    assert {symbol.kind for symbol in SYMBOLS.values()} == set(KINDS)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"function"}))
@given(data=st.data())
@FEW
def test_exact_instances_belong_to_their_kind(kind: str, data: st.DataObject) -> None:
    n, m = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    value = data.draw(public.instance(symbol_of(kind), {"n": n, "m": m}, exact=True))
    shape = {0: (), 1: (n,) if kind == "vector" else (n, n), 2: (n, m)}[len(symbol_of(kind).dims)]
    assert np.shape(value) == shape
    assert all(isinstance(entry, Fraction) for entry in np.ravel(np.array(value, dtype=object)))
    assert belongs(kind, as_flint(value))


@pytest.mark.parametrize("kind", SQUARE)
@given(data=st.data())
@FEW
def test_float_instances_belong_to_their_kind_up_to_rounding(kind: str, data: st.DataObject) -> None:
    X = data.draw(public.instance(symbol_of(kind), {"n": 3}))
    assert X.dtype == np.float64
    assert np.isfinite(X).all()
    if kind == "orthogonal":
        assert np.abs(X @ X.T - np.eye(3)).max() < 1e-14
    if kind in ("mask", "projector", "idempotent"):
        assert np.abs(X @ X - X).max() <= 1e-12 * max(1.0, np.abs(X).max()) ** 2
    if kind in ("symmetric", "positive_definite", "projector", "mask"):
        assert (X == X.T).all()
    if kind in ("invertible", "positive_definite"):
        assert np.linalg.cond(X) <= 16 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("strategy", "corner"),
    [
        (public.orthogonal_matrices(3), lambda R: np.linalg.det(R) < 0),
        (public.orthogonal_matrices(3), lambda R: np.linalg.det(R) > 0 and (np.abs(R) < 0.9).all()),
        (public.projectors(3), lambda P: round(np.trace(P)) == 2 and (P != 0).all()),
        (public.projectors(3), lambda P: round(np.trace(P)) == 3),
        (public.idempotents(3), lambda X: np.abs(X - X.T).max() > 1 and round(np.trace(X)) == 2),
        (public.masks(3), lambda H: np.trace(H) == 1),
        (public.invertible_matrices(2, condition=9), lambda A: np.linalg.cond(A) > 4),
        (public.positive_definite_matrices(2), lambda S: S[0, 1] != 0 and np.linalg.cond(S) > 4),
        (public.diagonal_matrices(2), lambda D: D[0, 0] < 0 < D[1, 1]),
        (public.labelled_clusters(2, 2, 2, separated=False), lambda data: True),
    ],
)
def test_corners_are_reached(strategy: st.SearchStrategy[object], corner: object) -> None:
    find(strategy, corner, settings=LOOK)  # type: ignore[arg-type]


def test_examples_are_as_small_as_they_can_be() -> None:
    assert find(public.orthogonal_matrices(3), lambda R: True).tolist() == np.eye(3).tolist()
    assert find(public.matrices(2), lambda A: A[0, 1] > 1).tolist() == [[0.0, 2.0], [0.0, 0.0]]


@given(public.instance(Symbol("x", "vector", (2,), True), points=3, exact=True))
@FEW
def test_families_have_the_data_first(x: np.ndarray) -> None:
    assert x.shape == (3, 2)


@given(public.functions(exact=True), st.fractions(-2, 2, max_denominator=4))
@FEW
def test_functions_come_with_their_derivatives(function: tuple, x: Fraction) -> None:
    f, first, second = function
    h = Fraction(1, 8)
    third = f.derivative().derivative().derivative()(x)
    # Of a cubic, differences are exact but for the third derivative.
    assert (f(x + h) - f(x - h)) / (2 * h) - h**2 * third / 6 == first(x)
    assert (f(x + h) - 2 * f(x) + f(x - h)) / h**2 == second(x)


@given(public.functions(), public.vectors(2))
@FEW
def test_functions_are_what_compiled_formulas_take(function: tuple, v: np.ndarray) -> None:
    f = FunctionSymbol(Symbol("f", "function"), 1)
    x = lift(2) * f(_vector())
    assert np.allclose(compile_numpy(x)(f=function, v=v), 2 * function[1](v))


def _vector():
    from symflow.expr.language import variable

    return variable(Symbol("v", "vector", ("n",)))


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(ShapeError, match="at least 1"):
        public.vectors(0)
    with pytest.raises(LimitError, match="too large"):
        public.masks(1000)
    with pytest.raises(ShapeError, match="no size"):
        public.instance(Symbol("R", "orthogonal", ("Q",)))
    with pytest.raises(ShapeError, match="condition"):
        public.invertible_matrices(2, condition=0)
    with pytest.raises(ShapeError, match="bound"):
        public.numbers(bound=0)
    with pytest.raises(ShapeError, match="as many dimensions"):
        public.labelled_clusters(3, 2)
    with pytest.raises(ShapeError, match="single class"):
        public.labelled_clusters(1, 2, separated=False)


def test_a_kind_without_strategy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(STRATEGIES, "mask")
    with pytest.raises(UnsupportedError, match="mask"):
        public.instance(Symbol("H", "mask", (2,)))


def test_every_public_name_is_there() -> None:
    assert all(callable(getattr(public, name)) for name in public.__all__)
    assert set(public.__all__) <= set(dir(public))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = public.nonsense
