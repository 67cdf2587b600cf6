"""Lemmas and inductions are not used beyond what they say: what a sum or a derivative binds stays bound."""

from __future__ import annotations

import pytest

from symflow import Derivation, I, along, datasum, grad, sqnorm
from symflow.errors import KindError


def test_a_constant_of_a_sum_is_not_replaced_by_a_family() -> None:
    first, second = Derivation("first"), Derivation("second")
    a, x = first.scalar("a"), first.scalar("x", over="i")
    first.claim("out", datasum(a * x, "i") == a * datasum(x, "i"))
    b = second.scalar("b", over="i")
    with pytest.raises(KindError, match="data index i"):
        second.lemma("out", of=first, values={a: b, x: x})
    second.lemma("out", of=first, values={a: second.scalar("b", over="k")})  # true for each k


@pytest.mark.parametrize("derivative", [grad, lambda f, u: along(f, {u: 1})])
def test_a_constant_of_a_derivative_is_not_replaced_by_what_varies(derivative) -> None:  # type: ignore[no-untyped-def]
    first, second = Derivation("first"), Derivation("second")
    c, u = first.scalar("c"), first.scalar("u")
    first.claim("linear", derivative(c * u, u) == c)
    with pytest.raises(KindError, match="constant where is differentiated"):
        second.lemma("linear", of=first, values={c: second.scalar("u")})


def test_states_do_not_depend_on_what_a_statement_binds() -> None:
    d = Derivation("states")
    u, x, y = d.scalar("u"), d.scalar("x", over="i"), d.scalar("y", over="i")
    for start in (u, x):
        layers = d.recursion()
        layers.state("b", d.scalar("b"), start=start, following=lambda s: s.b)
        layers.state("a", d.scalar("a"), start=0 * d.scalar("z"), following=lambda s: s.b)
        with pytest.raises(KindError, match="depends on"):
            d.induction(
                "T", layers,
                lambda s: grad(s.a * u, u) * datasum(s.a * y, "i") == s.a * s.a * datasum(y, "i"),
            )  # fmt: skip


def test_a_symbol_stands_for_one_state() -> None:
    d = Derivation("one")
    layers = d.recursion()
    layers.state("a", d.matrix("A", "Q"), start=I("Q"), following=lambda s: s.a)
    with pytest.raises(KindError, match="stands for a already"):
        layers.state("b", d.matrix("A", "Q"), start=2 * I("Q"), following=lambda s: s.b)


def test_what_is_fixed_is_not_a_state() -> None:
    first, second = Derivation("first"), Derivation("second")
    x = first.scalar("x")
    layers = first.recursion()
    layers.parameter("w", first.scalar("w"))
    a = layers.state("a", first.scalar("a"), start=I(1), following=lambda s: s.w * s.a)
    u = layers.state("u", first.scalar("u"), start=x, following=lambda s: s.w * s.u)
    first.induction("T", layers, lambda s: s.u == s.a * x)
    m, v = second.scalar("m"), second.scalar("v")
    with pytest.raises(KindError, match="the same at every layer"):
        second.lemma("T", of=first, values={a: m, u: v, x: v})


def test_a_root_is_new() -> None:
    d = Derivation("roots")
    d.semidefinite(d.symmetric("A", "n"), root="N")
    with pytest.raises(KindError, match="N is a symbol already"):
        d.semidefinite(d.symmetric("B", "n"), root="N")


def test_a_stand_in_says_no_more_than_the_state() -> None:
    d, e = Derivation("products"), Derivation("uses it")
    layers = d.recursion()
    layers.parameter("W", d.matrix("W", "Q"))
    x = d.vector("x", "Q")
    layers.state("A", d.matrix("A", "Q"), start=I("Q"), following=lambda s: s.W @ s.A)
    layers.state("u", d.vector("u", "Q"), start=x, following=lambda s: s.W @ s.u)
    d.induction("product", layers, lambda s: s.u == s.A @ x)
    here = layers.here()
    u, y = e.vector("u", "Q"), e.vector("y", "Q")
    with pytest.raises(KindError, match="says more or less"):
        e.lemma("product", of=d, values={here.A: e.orthogonal("R", "Q"), here.u: u, x: y})
    e.lemma("product", of=d, values={here.A: e.matrix("A", "Q"), here.u: u, x: y})
    with pytest.raises(KindError, match="may depend"):
        e.claim("constant", grad(sqnorm(u), y) == 0 * y)


@pytest.mark.parametrize("words", [{"title": 5}, {"source": 3}])
def test_titles_and_sources_are_text(words: dict[str, int]) -> None:
    d = Derivation("words")
    A = d.matrix("A", "n")
    with pytest.raises(KindError, match="is text"):
        d.claim("twice", A + A == 2 * A, **words)  # type: ignore[arg-type]
