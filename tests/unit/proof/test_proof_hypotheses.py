"""Hypotheses of awkward forms: diagonal ones, products of scalars, and relations that only permute."""

from __future__ import annotations

import pytest

from symflow.claims import parse_statement
from symflow.expr.tree import Equation
from symflow.proof import decide

SYMBOLS = {
    "a": "scalar", "t": "scalar", "q": "scalar", "G": "mask(n)", "F": "mask(n)", "S": "symmetric(n)",
    "H": "symmetric(n)", "A": "matrix(n)", "B": "matrix(n)", "C": "matrix(n)", "M": "mask(n)", "D": "diagonal(n)",
    "X": "matrix(d, n)", "Y": "matrix(n, d)", "Z": "matrix(d)",
}  # fmt: skip


def statement(text: str) -> Equation:
    return parse_statement(text, SYMBOLS)


@pytest.mark.parametrize(
    ("hypothesis", "claim"),
    [
        ("a*t - a*q == 1", "a*t - a*q == 1"),
        ("a*t - a*q == 1", "a*a*t == a + a*a*q"),
        ("a**2 == a", "a**5 == a"),
        ("G@F == zeros(n, n)", "G@F == zeros(n, n)"),
        ("G@F == zeros(n, n)", "A@G@F@B == zeros(n, n)"),
        ("G@F == D", "A@F@G == A@D"),
        ("S@H == H@S", "S@H@H == H@H@S"),
        ("S@H == H@S", "tr(S@H@A@S) == tr(H@S@A@S)"),
        ("S@M == M@S", "A@S@S@M == A@M@S@S"),
        ("A@B == B@A", "A@B@B == B@B@A"),
        ("A@B == B@A", "(A + B)**2 == A**2 + 2*A@B + B**2"),
        ("A@B == C@A", "A@B@B == C@C@A"),
        ("det(A) == 1", "det(B@A) == det(B)"),
    ],
)
def test_what_follows_is_proved(hypothesis: str, claim: str) -> None:
    assert decide(statement(claim), (statement(hypothesis),)).status == "proved"


@pytest.mark.parametrize(
    ("hypothesis", "claim"),
    [
        ("a**2 == a", "a == 1"),
        ("G@F == zeros(n, n)", "G@A@F == zeros(n, n)"),
        ("S@H == H@S", "S@A@H == H@A@S"),
        ("A@B == B@A", "A@B.T == B.T@A"),
        ("G@F == D", "G@A@F == A@D"),
    ],
)
def test_what_does_not_follow_is_refuted(hypothesis: str, claim: str) -> None:
    assert decide(statement(claim), (statement(hypothesis),)).status == "refuted"


@pytest.mark.parametrize(
    "claim",
    [
        "det(eye(n) + A@B) == det(eye(n) + B@A)",
        "det(eye(n) + A@B) == det(eye(n) + A.T@B.T)",
        "det(eye(n) + A@B@C) == det(eye(n) + C@A@B)",
        "det(eye(d) + Z@X@Y) == det(eye(n) + Y@Z@X)",
        "det(eye(d) + X@Y@Z) == det(eye(d) + Z@X@Y)",
    ],
)
def test_determinants_turned_round(claim: str) -> None:
    assert decide(statement(claim)).status == "proved"
