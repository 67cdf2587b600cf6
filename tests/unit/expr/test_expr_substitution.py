"""Replacing symbols in trees."""

from __future__ import annotations

import pytest

from symflow.errors import KindError
from symflow.expr.language import datasum, grad, sqnorm, variable
from symflow.expr.substitution import substitute, substitute_in
from symflow.expr.tree import Symbol

A = variable(Symbol("A", "matrix", ("n",)))
x, y = (variable(Symbol(name, "vector", ("n",))) for name in "xy")
p, q = (variable(Symbol(name, "vector", ("n",), True), "i") for name in "pq")


def test_all_at_once() -> None:
    assert substitute(A @ x + y, {x: y, y: x}).same(A @ y + x)


def test_families_are_bound_by_their_sum() -> None:
    total = substitute(datasum(sqnorm(q), "i"), {q: p})
    assert total.free == frozenset()
    assert total.same(datasum(sqnorm(p), "i"))


def test_both_sides() -> None:
    assert bool(substitute_in(x == A @ x, {x: y})) is False
    assert repr(substitute_in(x == A @ x, {x: y})) == "y == A@y"


def test_what_cannot_be_replaced() -> None:
    with pytest.raises(KindError, match="only symbols"):
        substitute(x, {A @ x: y})
    with pytest.raises(KindError, match="differentiated"):
        substitute(grad(sqnorm(x), x), {x: y})
    with pytest.raises(KindError, match="shapes"):
        substitute(x, {x: A})


def test_nothing_is_captured() -> None:
    with pytest.raises(KindError, match="depends on the data index i"):
        substitute(datasum(x.T @ q, "i"), {x: p})  # x does not depend on i there, p does
    other = variable(q.data[0], "k")
    with pytest.raises(KindError, match="another data index"):
        substitute(datasum(sqnorm(q), "i") - datasum(sqnorm(other), "k"), {q: p})
    with pytest.raises(KindError, match="constant where is differentiated"):
        substitute(grad(y.T @ A @ x, x), {y: x})
    assert substitute(grad(y.T @ A @ x, x), {y: A @ y}).same(grad((A @ y).T @ A @ x, x))
