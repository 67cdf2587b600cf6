"""Kinds of symbols, and names that may not mean two things."""

from __future__ import annotations

import pytest

from symflow.claims import parse_declarations, parse_kind, parse_statement, scope
from symflow.errors import ClaimError
from symflow.expr.kinds import KINDS


@pytest.mark.parametrize(
    ("text", "kind", "dims", "index"),
    [
        ("scalar", "scalar", (), None),
        ("scalar(positive)", "positive_scalar", (), None),
        (" scalar ( positive ) [ i ] ", "positive_scalar", (), "i"),
        ("scalar[k]", "scalar", (), "k"),
        ("vector(Q)[i]", "vector", ("Q",), "i"),
        ("matrix(n, m)", "matrix", ("n", "m"), None),
        ("matrix(n)", "matrix", ("n",), None),
        ("matrix(2,3)", "matrix", (2, 3), None),
        ("function", "function", (), None),
        ("positive_diagonal(n)", "positive_diagonal", ("n",), None),
    ],
)
def test_kinds(text: str, kind: str, dims: tuple[str | int, ...], index: str | None) -> None:
    entry = parse_kind(text, "X")
    assert entry.symbol is not None
    assert (entry.symbol.kind, entry.symbol.dims, entry.index) == (kind, dims, index)
    assert entry.symbol.family == (index is not None)


def test_every_kind_can_be_declared() -> None:
    for kind in KINDS.values():
        text = "scalar(positive)" if kind.name == "positive_scalar" else kind.name
        dims = ", ".join(["n"] * kind.dimensions[-1])
        entry = parse_kind(f"{text}({dims})" if dims else text, "X")
        assert entry.symbol is not None and entry.symbol.kind == kind.name


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("matrx(n)", "X", "did you mean matrix"),
        ("positive_scalar", "X", "scalar(positive)"),
        ("zzzzzz", "X", "the kinds are"),
        ("", "X", "not a kind"),
        ("vector", "X", "takes 1 dimension, 0 given"),
        ("vector()", "X", "cannot name a dimension"),
        ("vector(n, m)", "X", "takes 1 dimension, 2 given"),
        ("matrix(n, m, k)", "X", "1 or 2 dimensions, 3 given"),
        ("scalar(n)", "X", "scalar(positive)"),
        ("function(n)", "X", "no dimensions"),
        ("function[i]", "X", "without [i]"),
        ("dim(n)", "X", "dim takes no arguments"),
        ("dim[i]", "X", "dim takes no arguments"),
        ("vector(n)[0]", "X", "cannot name the data index"),
        ("vector(n)[i][j]", "X", "not a kind"),
        ("vector(n + 1)", "X", "cannot name a dimension"),
        ("vector(-1)", "X", "cannot name a dimension"),
        ("vector(0)", "X", "between 1 and"),
        ("vector(99999999999999999999)", "X", "between 1 and"),
        ("vector(tr)", "X", "function of the claims language"),
        ("vector(\u0664)", "X", "cannot name a dimension"),
        ("vector(n)" + " " * 500, "X", "the bound is 500"),
        ("scalar", "tr", "function of the claims language"),
        ("scalar", "datasum", "function of the claims language"),
        ("scalar", "lambda", "reserved in Python"),
        ("scalar", "2x", "starts with no digit"),
        ("scalar", "", "cannot name a symbol"),
        ("scalar", "\u03bb", "ASCII"),
        ("scalar", "a.b", "cannot name"),
        ("scalar", "a" * 65, "the bound is 64"),
    ],
)
def test_refused_declarations(text: str, name: str, message: str) -> None:
    with pytest.raises(ClaimError) as refusal:
        parse_kind(text, name)
    assert message in str(refusal.value)
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize(
    ("symbols", "message"),
    [
        ({"n": "scalar", "A": "matrix(n)"}, "n is declared as scalar, but A uses it as a dimension"),
        ({"x": "vector(n)[n]"}, "also a dimension"),
        ({"x": "vector(n)[s]", "s": "scalar"}, "also a symbol"),
        ({f"a{k}": "scalar" for k in range(1_001)}, "the bound is 1000"),
    ],
)
def test_one_name_means_one_thing(symbols: dict[str, str], message: str) -> None:
    with pytest.raises(ClaimError, match=message):
        scope(symbols)


def test_dimensions_need_not_be_declared() -> None:
    assert parse_statement("tr(eye(k)) == tr(eye(k))", {}).dimensions() == ["k"]
    assert scope({"n": "dim", "A": "matrix(n, m)"}).dimensions == {"n", "m"}


def test_let() -> None:
    entries = parse_declarations("A, B: matrix(n, m) ; x: vector(m)[i];")
    assert [entry.name for entry in entries.values()] == ["A", "B", "x"]
    assert entries["x"].index == "i"
    for text, message in [("A", "NAME: KIND"), ("A: scalar; A: scalar", "twice"), ("A: matrx", "did you mean")]:
        with pytest.raises(ClaimError, match=message):
            parse_declarations(text)
