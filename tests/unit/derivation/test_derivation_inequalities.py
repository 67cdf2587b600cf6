"""Inequalities in derivations: proved by an identity and a sign, refuted by a point, and never used as equations."""

from __future__ import annotations

import pytest

from symflow.derivation import Derivation
from symflow.errors import KindError
from symflow.expr.language import along, exp, eye, sqnorm, tr


def test_an_inequality_is_an_identity_and_a_sign() -> None:
    d = Derivation("Young")
    u, v = d.vector("u", "n"), d.vector("v", "n")
    d.claim("true", 2 * u.T @ v <= sqnorm(u) + sqnorm(v), by=sqnorm(u - v))
    d.claim("wrong identity", 2 * u.T @ v <= sqnorm(u) + sqnorm(v), by=sqnorm(u + v))
    d.claim("wrong sign", 2 * u.T @ v <= sqnorm(u) + sqnorm(v), by=sqnorm(u) + sqnorm(v) - 2 * u.T @ v)
    d.claim("false", 3 * u.T @ v <= sqnorm(u) + sqnorm(v), by=sqnorm(u - v))
    report = d.check()
    found = {step.label: step.verdict.status for step in report.steps}
    assert found == {"true": "proved", "wrong identity": "undecided", "wrong sign": "undecided", "false": "refuted"}
    assert "not seen to be nonnegative" in report["wrong sign"].verdict.detail
    assert report["false"].verdict.counterexample is not None


def test_semidefinite_matrices_are_assumed_by_a_root() -> None:
    d = Derivation("Gap")
    A, u, gap = d.symmetric("A", "n"), d.vector("u", "n"), d.scalar("g", positive=True)
    N = d.semidefinite(A - gap * eye("n"), root="N")
    d.claim("bound", u.T @ A @ u >= gap * sqnorm(u), by=sqnorm(N @ u))
    d.claim("too much", u.T @ A @ u >= 2 * gap * sqnorm(u), by=sqnorm(N @ u))
    report = d.check()
    assert report["bound"].verdict.status == "proved"
    assert report["bound"].scope == "proved for every n under hypotheses"
    assert report["too much"].verdict.status == "refuted"


def test_a_decay_is_a_derivative_with_a_sign() -> None:
    d = Derivation("Decay")
    A, e, s = d.positive_definite("A", "n"), d.vector("e", "n"), d.scalar("s")
    d.claim("falls", along(sqnorm(e), {e: -A @ e}) <= 0, by=2 * e.T @ A @ e)
    d.claim("rises", along(sqnorm(e), {e: A @ e}) <= 0, by=2 * e.T @ A @ e)
    d.claim("grows", along(exp(s) * sqnorm(e), {s: 1, e: -A @ e}) <= 0)
    found = {step.label: step.verdict.status for step in d.check().steps}
    assert found == {"falls": "proved", "rises": "refuted", "grows": "refuted"}


def test_an_inequality_is_no_hypothesis_no_lemma_and_no_truth_value() -> None:
    d = Derivation("Order")
    A, u = d.matrix("A", "n"), d.vector("u", "n")
    with pytest.raises(KindError, match="a hypothesis is an equation"):
        d.assume(sqnorm(u) >= 1)
    d.claim("norm", tr(A @ A.T) >= 0)
    with pytest.raises(KindError, match="proofs use equations"):
        d.lemma("norm")
    with pytest.raises(KindError, match="truth value"):
        assert sqnorm(u) >= 0
    with pytest.raises(KindError, match="compares real numbers"):
        u >= 0  # noqa: B015  # the comparison itself is what is tested
    with pytest.raises(KindError, match="by= is for inequalities"):
        d.claim("equation", tr(A) == tr(A.T), by=sqnorm(u))
