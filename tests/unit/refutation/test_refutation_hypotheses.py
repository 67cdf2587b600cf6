"""False statements under hypotheses: points are found that satisfy them, not special ones alone."""

from __future__ import annotations

import pytest

from symflow.claims import parse_statement
from symflow.refutation import Counterexample, search

SYMBOLS = {
    "z": "vector(n)", "J": "matrix(n)", "H": "mask(n)", "A": "matrix(n)", "B": "matrix(n)", "S": "symmetric(n)",
    "N": "matrix(n)", "a": "scalar", "u": "vector(n)", "x": "vector(n)[i]", "C": "matrix(n)",
}  # fmt: skip


@pytest.mark.parametrize(
    ("hypothesis", "claim"),
    [
        ("z == J@z", "H@z == J@H@z"),
        ("A@u == z", "A@z == z"),
        ("datasum(x[i], i) == u", "datasum(a*x[i], i) == u"),
        ("S - eye(n) == N.T@N", "exp(tr(S)) == exp(tr(N.T@N))"),
        ("A@B == C", "B@A == C"),
    ],
)
def test_a_point_satisfies_the_hypothesis_and_contradicts_the_claim(hypothesis: str, claim: str) -> None:
    found = search(parse_statement(claim, SYMBOLS), hypotheses=(parse_statement(hypothesis, SYMBOLS),), seconds=10)
    assert isinstance(found, Counterexample)


def test_points_of_a_true_statement_are_many() -> None:
    claim, hypothesis = parse_statement("J@J@z == z", SYMBOLS), parse_statement("z == J@z", SYMBOLS)
    found = search(claim, hypotheses=(hypothesis,), points=60, seconds=10)
    assert not isinstance(found, Counterexample)
    assert found.points_tried >= 50
