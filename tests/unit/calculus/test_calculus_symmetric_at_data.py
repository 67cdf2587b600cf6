"""Symmetric letters first met at a data index have no orientation of their own: turned over they are the same."""

from __future__ import annotations

import pytest

from symflow.claims import parse_statement
from symflow.proof import decide


@pytest.mark.parametrize(("kind", "sign"), [("symmetric", ""), ("projector", ""), ("antisymmetric", "-")])
@pytest.mark.parametrize(
    "claim",
    [
        "datasum(X[i]@B@B@S[i]@b, i) == {sign}datasum(X[i]@B@B@S[i].T@b, i)",
        "datasum(tr(T@S[i]@X[i]@S[i]), i) == datasum(tr(T@S[i].T@X[i]@S[i].T), i)",
        "datasum(tr(B@S[i]@X[i]@S[i]), i) == datasum(tr(S[i]@X[i].T@S[i]@B.T), i)",
    ],
)
def test_turned_over_they_are_the_same(claim: str, kind: str, sign: str) -> None:
    symbols = {"X": "matrix(n)[i]", "B": "matrix(n)", "S": f"{kind}(n)[i]", "b": "vector(n)", "T": "symmetric(n)"}
    assert decide(parse_statement(claim.format(sign=sign), symbols)).status == "proved"
