"""Claims files: one bad claim does not stop the others, a bad file says where, and neither costs much."""

from __future__ import annotations

import os
import pickle
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow.claims import load, loads
from symflow.errors import ClaimError

HEAD = 'format = 1\ntitle = "t"\n[symbols]\nA = "matrix(n)"\n'


def claim(name: str = "a", statement: str = "A == A", more: str = "") -> str:
    return f'[[claim]]\nid = "{name}"\nstatement = "{statement}"\n{more}\n'


def test_the_example_of_the_format() -> None:
    text = """
format = 1
title  = "Gradients of a truncation map"

[symbols]                                # shared by every claim of the file
Q = "dim"                                # optional: a name used as a dimension is a dim by itself
R = "orthogonal(Q)"
H = "mask(Q)"
x = "vector(Q)[i]"                       # one per data index i
b = "vector(Q)"
y = "vector(Q)"

[[claim]]
id        = "bias-gradient"              # unique in the file; letters, digits, . _ -
title     = "cumulative bias gradient"   # optional, free text
source    = "theory B3"                  # optional, free text
symbols   = { c = "scalar" }             # optional, adds to or overrides [symbols]
statement = "grad(datasum(sqnorm(R.T@H@R@(x[i]+b) - b - y)/2, i), b) == datasum((eye(Q) - R.T@H@R)@(b + y), i)"
"""
    file = loads(text)
    (only,) = file.claims
    assert file.title == "Gradients of a truncation map"
    assert (only.id, only.title, only.source, only.error) == (
        "bias-gradient", "cumulative bias gradient", "theory B3", None,
    )  # fmt: skip
    assert only.equation is not None and list(only.equation.symbols()) == ["R", "H", "x", "b", "y"]
    assert only.symbols.declared.keys() == {"Q", "R", "H", "x", "b", "y", "c"}


def test_claims_override_the_symbols_of_the_file() -> None:
    ok, wide = loads(HEAD + claim() + claim("b", "A == A", 'symbols = { A = "matrix(n, m)" }')).claims
    assert ok.equation is not None and ok.equation.lhs.shape == ("n", "n")
    assert wide.equation is not None and wide.equation.lhs.shape == ("n", "m")


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (claim() + claim(), "a", "taken by claim 2 of the file"),
        (claim("b b"), "#2", "not an id"),
        (claim(""), "#2", "not an id"),
        (claim("x" * 201), "#2", "not an id"),
        ("[[claim]]\nid = 3\nstatement = 'A == A'", "#2", "not an id"),
        ("[[claim]]\nstatement = 'A == A'", "#2", "no id"),
        ("[[claim]]\nid = 'b'", "b", "no statement"),
        ("[[claim]]\nid = 'b'\nstatement = 3", "b", "not a string"),
        ("[[claim]]\nid = 'b'\nstatment = 'A == A'", "b", "did you mean statement?"),
        (claim("b", more="title = 3"), "b", "title is not a string"),
        (claim("b", more="source = ['x']"), "b", "source is not a string"),
        (claim("b", more=f"title = '{'x' * 3000}'"), "b", "the bound is 2000"),
        (claim("b", more="symbols = 'A'"), "b", "not a table"),
        (claim("b", more="symbols = { B = 3 }"), "b", "kind of 'B'"),
        (claim("b", more="symbols = { B = 'matrx(n)' }"), "b", "did you mean matrix"),
        (claim("b", more="symbols = { n = 'scalar' }"), "b", "uses it as a dimension"),
        (claim("b", "A == C"), "b", "unknown name 'C'"),
        (claim("b", "A == A@A.T**1000000"), "b", "bound of 64"),
    ],
)
def test_a_bad_claim_does_not_stop_the_others(text: str, name: str, message: str) -> None:
    claims = loads(HEAD + claim("first") + text + "\n" + claim("last")).claims
    bad = [entry for entry in claims if entry.error is not None]
    assert [entry.id for entry in bad] == [name]
    assert message in str(bad[0].error)
    assert bad[0].equation is None
    assert [claims[0].id, claims[-1].id] == ["first", "last"]
    assert claims[-1].equation is not None


def test_a_claim_error_keeps_its_column() -> None:
    error = loads(HEAD + claim("b", "A == A@C")).claims[0].error
    assert error is not None and error.position == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no format"),
        ("title = 'x'", "no format"),
        ("format = 2\n" + claim(), "this is format 1"),
        ("format = true\n" + claim(), "this is format 1"),
        ("format = 1.0\n" + claim(), "this is format 1"),
        ("format = '1'\n" + claim(), "this is format 1"),
        ("format = 1", "makes no claim"),
        ("format = 1\nclaim = []", "makes no claim"),
        ("format = 1\nclaim = 3", "not a list of tables"),
        ("format = 1\nclaim = [3]", "not a list of tables"),
        ("format = 1\n[claim]\nid = 'a'", "not a list of tables"),
        ("format = 1\nclaims = 3", "did you mean claim?"),
        ("format = 1\nzzz = 3", "unknown key 'zzz'"),
        ("format = 1\ntitle = 3\n" + claim("a", "1 == 1"), "title is not a string"),
        ("format = 1\nsymbols = 3\n" + claim("a", "1 == 1"), "[symbols] is not a table"),
        (HEAD + "tr = 'scalar'\n" + claim(), "[symbols]: a symbol cannot be called tr"),
        (HEAD + "n = 'scalar'\n" + claim(), "uses it as a dimension"),
        ("format = 1\nformat = 1", "line 2, at its end: Cannot overwrite"),
        ("format = ", "line 1, at its end"),
        ("format = 1\n\n[symbols\nA = 'matrix(n)'\n", "line 3, column 9"),
        ("format = 1\n[[claim]]\nid = 'a\n", "line 3: a string is never closed"),
        ("format = 1\nx = '''a\n\nb'''\ny = \"a\n", "line 5: a string is never closed"),
        ("x = " + "9" * 5_000, "not TOML"),
        ("x = 2020-13-45", "not TOML"),
    ],
)
def test_a_bad_file_raises(text: str, message: str) -> None:
    with pytest.raises(ClaimError) as refusal:
        loads(text)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 900_000 + " = 1",
        "[" + "a." * 900_000 + "a]",
        ("a" + ".a" * 8 + " = 1\n") * 80_000,
        "a = " + "[" * 500_000,
        "a = " + "{b = " * 200_000,
        "a = " + '\\"' * 900_000,
        "a = " + '"""\\' * 400_000,
        "a = '" + "''" * 900_000,
        "a = " + "9" * 1_500_000,
        "format = 1\n" + "[[claim]]\n" * 150_000,
        "format = 1\n[symbols]\n" + "".join(f"a{k} = 'scalar'\n" for k in range(60_000)),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_costly_files_are_refused_quickly(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ClaimError):
        loads(text)
    assert time.perf_counter() - start < 5


def test_brackets_and_dots_in_strings_and_comments_do_not_count() -> None:
    text = HEAD + "# ...........[[[[[[[[[[[\n" + claim("a", "A" + ".T" * 40 + " == A")
    assert loads(text + claim("b", more="title = '''\n" + "." * 50 + "\n" + "[" * 100 + "'''")).claims[1].error is None


def test_statements_over_several_lines() -> None:
    (only,) = loads(HEAD + "[[claim]]\nid = 'a'\nstatement = '''\n  A\n== A\n'''").claims
    assert only.error is None


def test_unreadable_paths(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "latin").write_bytes(b"format = 1 # \xe9")
    (tmp_path / "big").write_bytes(b"#" * 10_000_000)
    os.mkfifo(tmp_path / "pipe")
    messages = {
        "folder": "not a regular file", "loop": "cannot be read", "latin": "not UTF-8: byte 14", "big": "2000000",
        "pipe": "not a regular file", "absent": "No such file", "nu\0ll": "null byte",
    }  # fmt: skip
    for name, message in messages.items():
        with pytest.raises(ClaimError) as refusal:
            load(tmp_path / name)
        assert message in str(refusal.value)
        assert name in str(refusal.value)


def test_load_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "claims.toml"
    path.write_text("\ufeff" + HEAD + claim(), encoding="utf-8")
    assert load(path).claims[0].error is None
    path.write_text("format = 3")
    with pytest.raises(ClaimError, match=r"claims\.toml: format = '3'"):
        load(path)


def test_claims_travel_between_processes() -> None:
    good, bad = loads(HEAD + claim() + claim("b", "A == C")).claims
    for entry in (good, bad):
        copy = pickle.loads(pickle.dumps(entry))
        assert copy == entry
        assert copy.equation == entry.equation
        assert str(copy.error) == str(entry.error)
    assert bad.error is not None and pickle.loads(pickle.dumps(bad)).error.position == bad.error.position


@settings(max_examples=150, deadline=2_000, derandomize=True)
@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(
    ["format", "= 1\n", "[symbols]\n", "[[claim]]\n", "id = ", '"a"', "'''", "\n", "statement = ", "A == A", "[", "]",
     "{", "}", ",", ".", "title = ", "3", "symbols = ", "x = ", '"scalar"', "#", '"""', "\\", "true", "1979-05-27"]
), max_size=40).map("".join)))  # fmt: skip
def test_any_text_gives_claims_or_a_claim_error(text: str) -> None:
    try:
        assert loads(text).claims
    except ClaimError as error:
        assert str(error)
