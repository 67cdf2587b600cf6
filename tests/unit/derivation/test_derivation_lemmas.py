"""Lemmas by name, and where planted errors are reported."""

from __future__ import annotations

import pytest

from symflow.derivation import Derivation
from symflow.errors import KindError
from symflow.expr.language import eye, inv, sqnorm, sqrt


def rotations() -> Derivation:
    d = Derivation("Rotations")
    R = d.orthogonal("R", "Q")
    d.claim("inverse", inv(R) == R.T)
    d.claim("wrong", R @ R == eye("Q"))
    return d


def test_a_lemma_is_used_with_other_symbols() -> None:
    first, second = rotations(), Derivation("Uses it")
    S, x = second.orthogonal("S", "Q"), second.vector("x", "Q")
    used = second.lemma("inverse", of=first, values={first.statement("inverse").equation.rhs.args[0]: S})
    assert repr(used) == "inv(S) == S.T"
    second.claim("length", sqnorm(inv(S) @ x) == sqnorm(x))
    assert second.check()["length"].verdict.status == "proved"


def test_what_rests_on_a_false_lemma_is_not_proved() -> None:
    d = rotations()
    R = d.orthogonal("R", "Q")
    d.lemma("wrong")
    d.claim("rests", R @ R @ R == R)
    report = d.check()
    assert report["wrong"].verdict.status == "refuted"
    assert report["rests"].verdict.status == "undecided"
    assert "rests on wrong" in report["rests"].verdict.detail


def test_a_lemma_binds_later_steps_only() -> None:
    d = rotations()
    R = d.orthogonal("R", "Q")
    d.claim("before", R @ R @ R == R)
    d.lemma("wrong")
    assert d.check()["before"].verdict.status == "refuted"


def test_what_replaces_a_symbol_is_of_its_kind() -> None:
    first, second = rotations(), Derivation("Uses it")
    A = second.matrix("A", "Q")
    with pytest.raises(KindError, match="not seen to be orthogonal"):
        second.lemma("inverse", of=first, values={first.orthogonal("R", "Q"): A})


def test_a_lemma_must_be_defined_everywhere() -> None:
    d = Derivation("Partial")
    A, x = d.matrix("A", "Q"), d.vector("x", "Q")
    d.claim("inverse", inv(A) @ A == eye("Q"))
    d.claim("root", sqrt(x) == sqrt(x))
    for label, reason in (("inverse", "inverse of a matrix"), ("root", "sqrt")):
        with pytest.raises(KindError, match=reason):
            d.lemma(label)


def test_an_unknown_label_is_named() -> None:
    with pytest.raises(KindError, match="it has: inverse, wrong"):
        rotations().lemma("inverted")


def test_a_planted_error_in_the_middle_of_a_chain_is_found_there() -> None:
    d = Derivation("A chain")
    A, B, x = d.matrix("A", "Q"), d.matrix("B", "Q"), d.vector("x", "Q")
    d.chain(
        "norm", sqnorm(A @ B @ x), x.T @ B.T @ A.T @ A @ B @ x, x.T @ B.T @ A.T @ B @ A @ x, (A @ B @ x).T @ (B @ A @ x)
    )
    found = {step.label: step.verdict.status for step in d.check().steps}
    assert found == {"norm.1": "proved", "norm.2": "refuted", "norm.3": "proved"}


def test_hypotheses_are_shown_to_be_satisfiable_or_said_not_to_be() -> None:
    d = Derivation("Hypotheses")
    A, B = d.matrix("A", "n"), d.matrix("B", "n")
    d.assume(A @ B == B @ A)
    d.claim("cube", A @ B @ B == B @ B @ A)
    assert "the hypotheses are satisfied, for example at n = " in d.check()["cube"].verdict.detail
    e = Derivation("Nothing satisfies them")
    C = e.matrix("C", "n")
    e.assume(C @ C.T == -eye("n"))
    e.claim("anything", C @ C.T @ C == -C)
    assert "may be vacuous" in e.check()["anything"].verdict.detail


def test_what_a_proof_used_is_recorded() -> None:
    d = Derivation("Used")
    A, B, C = d.matrix("A", "n"), d.matrix("B", "n"), d.matrix("C", "n")
    P = d.idempotent("P", "n")
    d.assume(A @ C == C @ A)
    d.assume(A @ B == B @ A)
    d.claim("square", A @ B @ P @ P == B @ A @ P)
    verdict = d.check()["square"].verdict
    assert verdict.hypotheses_used == {1}
    assert verdict.relations == {"hypothesis": 1, "idempotent": 1}
