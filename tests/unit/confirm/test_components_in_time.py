"""SymPy's derivation within a time limit: the same verdicts, the same refusals, and an end."""

import time

import pytest

from symflow.claims.statements import parse_statement
from symflow.confirm.components_in_time import FORKING, componentwise_within
from symflow.errors import UnsupportedError

pytestmark = pytest.mark.skipif(not FORKING, reason="processes cannot be forked here")
LET = {"A": "matrix(n)", "B": "matrix(n)", "x": "vector(n)"}


def within(seconds, statement, n):
    return componentwise_within(seconds, parse_statement(statement, LET), {"n": n})


def test_verdicts_are_those_without_a_limit():
    assert within(20, "tr(A@B) == tr(B@A)", 3) is True
    assert within(20, "A@B == B@A", 3) is False
    with pytest.raises(UnsupportedError):
        within(20, "relu(x) == x", 2)


def test_what_does_not_end_in_time_is_open():
    start = time.perf_counter()
    assert within(0.5, "logdet(A@B@A@B) == 2*logdet(A) + 2*logdet(B) + tr(A@B@inv(A@B)@inv(B)) - tr(inv(B))", 6) is None
    assert time.perf_counter() - start < 5
