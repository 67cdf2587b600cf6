"""The claims language: what it reads, and what it refuses, where."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow.claims import Declaration, load, parse_expression, parse_statement
from symflow.errors import ClaimError
from symflow.expr.language import (
    along,
    datasum,
    diff,
    eye,
    grad,
    jac,
    liegrad,
    ones,
    outer,
    sqnorm,
    tr,
    variable,
    zeros,
)
from symflow.expr.tree import Equation, Expr, FunctionSymbol, Symbol, lift

KINDS = {
    "A": "matrix(n, m)", "B": "matrix(m, n)", "M": "matrix(n)", "R": "orthogonal(n)", "v": "vector(n)",
    "w": "vector(m)", "x": "vector(n)[i]", "y": "vector(n)[k]", "s": "scalar",
    "t": "scalar(positive)", "f": "function", "q": "dim",
}  # fmt: skip
SHARED_CLAIMS = sorted((Path(__file__).resolve().parents[4] / "shared" / "claims").glob("*.toml"))


def symbol(name: str, kind: str, *dims: str | int, family: bool = False) -> Symbol:
    return Symbol(name, kind, dims, family)


A, B, M = (variable(symbol("A", "matrix", "n", "m")), variable(symbol("B", "matrix", "m", "n")),
           variable(symbol("M", "matrix", "n")))  # fmt: skip
R, v, w = (
    variable(symbol("R", "orthogonal", "n")),
    variable(symbol("v", "vector", "n")),
    variable(symbol("w", "vector", "m")),
)
s, t = variable(symbol("s", "scalar")), variable(symbol("t", "positive_scalar"))
f = FunctionSymbol(symbol("f", "function"))


def x(index: str) -> Expr:
    return variable(symbol("x", "vector", "n", family=True), index)


def y(index: str) -> Expr:
    return variable(symbol("y", "vector", "n", family=True), index)


GOOD: list[tuple[str, Expr]] = [
    ("A@B", A @ B),
    ("A@B + M - 2*M", A @ B + M - 2 * M),
    ("M + (M + M)", M + (M + M)),
    ("(M + M) + M", (M + M) + M),
    ("M - (M - M)", M - (M - M)),
    ("s*M/2", s * M / 2),
    ("-M.T", -(M.T)),
    ("(-M).T", (-M).T),
    ("M**3", M**3),
    ("s**-2", s**-2),
    ("-s**2", -(s**2)),
    ("v.T@M@v", v.T @ M @ v),
    ("1/2", lift(Fraction(1, 2))),
    ("-1/2*s", Fraction(-1, 2) * s),
    ("s*1/2", s * 1 / 2),
    ("0.1", lift(Fraction(1, 10))),
    (".5e-1", lift(Fraction(1, 20))),
    ("12345678901234567890.000000001", lift(Fraction(12345678901234567890000000001, 10**9))),
    ("1_000", lift(1000)),
    ("eye(n) + M", eye("n") + M),
    ("zeros(n, m) + A", zeros("n", "m") + A),
    ("ones(n) + v", ones("n") + v),
    ("ones(m, n)", ones("m", "n")),
    ("ones(3, 1)", ones(3, 1)),
    ("tr(eye(q))", tr(eye("q"))),
    ("outer(v, w)", outer(v, w)),
    ("f(v)", f(v)),
    ("f.d(v)", f.d(v)),
    ("f.d.d(M@v)", f.d.d(M @ v)),
    ("datasum(x[i], i)", datasum(x("i"), "i")),
    ("datasum(x[j], j)", datasum(x("j"), "j")),
    ("datasum(x[i]@datasum(x[j], j).T, i)", datasum(x("i") @ datasum(x("j"), "j").T, "i")),
    ("grad(sqnorm(v), v)", grad(sqnorm(v), v)),
    ("datasum(grad(sqnorm(x[i]), x[i]), i)", datasum(grad(sqnorm(x("i")), x("i")), "i")),
    ("liegrad(tr(R), R)", liegrad(tr(R), R)),
    ("jac(A@w, w)", jac(A @ w, w)),
    ("diff(M@v, v, v)", diff(M @ v, v, v)),
    ("along(s*v, s=s**2, v=-v)", along(s * v, {s: s**2, v: -v})),
    ("along(datasum(x[j], j), x=x[i])", along(datasum(x("j"), "j"), {x("i"): x("i")})),
    ("datasum(along(x[i], y=y[k]), i)", datasum(along(x("i"), {y("k"): y("k")}), "i")),
    ("  \n v\n  + v ", v + v),
]


@pytest.mark.parametrize(("text", "tree"), GOOD, ids=[text for text, _ in GOOD])
def test_reads_what_python_would_build(text: str, tree: Expr) -> None:
    read = parse_expression(text, KINDS)
    assert read.same(tree)
    assert read.free == tree.free
    assert read.size == tree.size


def test_statement_has_two_sides() -> None:
    assert parse_statement("A@B ==\n  M", KINDS) == Equation(A @ B, M)


def test_symbols_may_be_given_as_symbols_and_declarations() -> None:
    mixed: dict[str, Symbol | Declaration] = {
        "v": symbol("v", "vector", "n"),
        "x": Declaration("x", symbol("x", "vector", "n", family=True), "i"),
    }
    assert parse_statement("datasum(x[i], i) == v", mixed) == Equation(datasum(x("i"), "i"), v)


BAD: list[tuple[str, int | None, str]] = [
    ("", 1, "nothing to read"),
    ("M", 1, "no =="),
    ("M == M == M", 11, "one == only"),
    ("M = M", 3, "e1 == e2"),
    ("s < t", 3, "e1 == e2"),
    ("s != t", 3, "e1 == e2"),
    ("s is t", 1, "no other comparison"),
    ("(s == s) + s == s", 2, "comparison inside"),
    ("A == M", 1, "differ in shape"),
    ("M == A@A", 6, "cannot multiply n x m by n x m, in: A@A"),
    ("M == M@(M + A)@M", 9, "in: M + A"),
    ("M == M + M + A", 6, "in: M + M + A"),
    ("M == A*B", 6, "hadamard"),
    ("M == M/M", 6, "divisor"),
    ("M == A**2", 6, "square"),
    ("s == tr(A)", 6, "square matrix"),
    ("v == diag(M)", 6, "vector"),
    ("s == unknwn", 6, "declare it"),
    ("s == sqnrm(v)", 6, "did you mean 'sqnorm'"),
    ("s == q", 6, "tr(eye(q))"),
    ("s == n*s", 6, "tr(eye(n))"),
    ("s == tr", 6, "function of the language"),
    ("v == f", 6, "apply it"),
    ("v == f.d", 6, "f.d(v)"),
    ("v == f.e(v)", 6, "only functions can be applied"),
    ("v == sin.d(v)", 6, "function symbols"),
    ("v == f(v, v)", 6, "one argument"),
    ("v == f(v, k=v)", 6, "one argument"),
    ("v == f" + ".d" * 65 + "(v)", 6, "differentiated more than"),
    ("v == s(v)", 6, "no function"),
    ("v == f(v)(v)", 6, "only functions can be applied"),
    ("v == x", 6, "x[i]"),
    ("v == x[i]", 8, "datasum(…, i)"),
    ("v == datasum(x[j], i)", 16, "not bound"),
    ("v == datasum(x[i], i) + x[i]", 27, "not bound"),
    ("v == datasum(x[0], i)", 14, "its index is a name"),
    ("v == datasum(x[i, i], i)", 14, "its index is a name"),
    ("v == datasum(x[i][i], i)", 14, "its index is a name"),
    ("v == datasum(i*x[i], i)", 14, "data index, not a value"),
    ("v == datasum(v, s)", 17, "declared as scalar"),
    ("v == datasum(v, n)", 17, "dimension"),
    ("v == datasum(v, tr)", 17, "function of the claims language"),
    ("v == datasum(v, 2)", 17, "name such as i"),
    ("v == datasum(v)", 6, "datasum(e, i)"),
    ("v == v[i]", 8, "not bound"),
    ("v == datasum(v[i], i)", 14, "not a data family"),
    ("v == ones(s)", 11, "declared as scalar"),
    ("v == ones(n + n)", 11, "a name or a positive integer"),
    ("v == ones(0)", 11, "between 1 and"),
    ("v == ones(10**9)", 11, "a name or a positive integer"),
    ("v == ones(1000000000)", 11, "between 1 and"),
    ("v == ones(n, n, n)", 6, "3 arguments given; write ones(n) or ones(n, m)"),
    ("M == zeros(n)", 6, "zeros(n, m)"),
    ("M == outer(v)", 6, "outer(X, Y)"),
    ("s == tr(M, k=2)", 6, "keyword"),
    ("v == grad(sqnorm(v), v + v)", 22, "is an expression"),
    ("v == grad(v, v)", 6, "scalar"),
    ("M == liegrad(tr(M), M)", 6, "orthogonal"),
    ("v == diff(v, v)", 6, "diff(f, X, E)"),
    ("v == diff(v, v, s)", 6, "direction"),
    ("v == along(v)", 6, "along(f, X=e1"),
    ("v == along(v, v)", 6, "along(f, X=e1"),
    ("v == along(v, v=v, v=v)", 20, "two velocities"),
    ("v == along(v, z=v)", 15, "unknown name 'z'"),
    ("v == along(v, n=v)", 15, "dimension"),
    ("v == along(v, f=v)", 15, "function"),
    ("v == along(v, v=s)", 6, "velocity"),
    ("v == along(v, v=x[i])", 19, "not bound"),
    ("v == along(v, **v)", 17, "unpacking with **"),
    ("v == f(*v)", 8, "unpacking with *"),
    ("s == s**t", 9, "integer literal"),
    ("s == s**2.0", 9, "integer literal"),
    ("s == s**(1/2)", 10, "integer literal"),
    ("s == s**True", 9, "integer literal"),
    ("M == M**1000000", 9, "bound of 64"),
    ("M == M**-65", 9, "bound of 64"),
    ("s == 1/0", 6, "division by zero"),
    ("s == s/0.0", 6, "division by zero"),
    ("s == " + "9" * 201, 6, "the bound is 200"),
    ("s == 1e999", 6, "bound of 300"),
    ("s == 0x10", 7, "decimal"),
    ("s == 2j", 7, "decimal"),
    ("s == 2s", 7, "product needs its *"),
    ("s == +s", 6, "unary +"),
    ("s == s//t", 6, "not part of the claims language"),
    ("s == s % t", 8, "'%'"),
    ("s == ~s", 6, "'~'"),
    ("s == not s", 6, "does not read as an expression"),
    ("s == (not s)", 7, "not part of the claims language"),
    ("s == (s and t)", 7, "and/or"),
    ("s == (s if s else t)", 7, "a conditional"),
    ("s == (s, t)", 6, "a tuple"),
    ("s == [s]", 6, "a list"),
    ("s == [s for s in x]", 6, "a comprehension"),
    ("s == None", 6, "decimal numbers"),
    ("s == True", 6, "decimal numbers"),
    ("s == ...", 6, "decimal numbers"),
    ("s == (await s)", 7, "await"),
    ("s == (s := t)", 9, "':'"),
    ("s == lambda: s", 12, "':'"),
    ("s == 's'", 6, "strings"),
    ('s == f"{s}"', 7, "strings"),
    ("s == s # comment", 8, "comments"),
    ("s == s; s", 7, "one statement"),
    ("s == {s}", 6, "parentheses"),
    ("s == s^2", 7, "X**2"),
    ("M == M'", 7, "X.T"),
    ("s == s \\\n", 8, "not part of the language"),
    ("s == s\x00", 7, "U+0000"),
    ("s == \u017f", 6, "LATIN SMALL LETTER LONG S"),
    ("s == \uff53", 6, "FULLWIDTH"),
    ("s == s \u2212 s", 8, "ASCII hyphen"),
    ("s == s\u00a0", 7, "NO-BREAK SPACE"),
    ("M == M@@M", 8, "does not read as an expression"),
    ("s == s)", 7, "closes nothing"),
    ("s) == (s", 2, "closes nothing"),
    ("s == (s]", 8, "closes nothing"),
    ("s == (s", 6, "never closed"),
    ("s == lambda", 6, "does not read as an expression"),
    ("s.__class__ == s", 1, "no attribute .__class__"),
    ("__import__(s) == s", 1, "unknown function"),
    ("tr.__globals__[s] == s", 1, "its index is a name"),
    ("M.T.T.real == M", 1, "no attribute .real"),
    ("M.T(M) == M", 1, "only functions can be applied"),
    ("   \n s ==\n unknwn", 12, "unknown name"),
    ("s == " + "n" * 65, 6, "a name of 65 characters"),
    ("s" * 20_001, None, "the bound is 20000"),
]


@pytest.mark.parametrize(("text", "column", "message"), BAD, ids=[ascii(text[:40]) for text, _, _ in BAD])
def test_refuses_with_column(text: str, column: int | None, message: str) -> None:
    with pytest.raises(ClaimError) as refusal:
        parse_statement(text, KINDS)
    assert message in str(refusal.value)
    assert refusal.value.position == column


BOMBS = {
    "parentheses": "(" * 9_000 + "s" + ")" * 9_000 + " == s",
    "open parentheses": "(" * 19_999,
    "calls": "sin(" * 4_000 + "s" + ")" * 3_900 + " == s",
    "calls within the bound of brackets": "sin(" * 100 + "s" + ")" * 100 + " == s",
    "brackets": "x[" * 6_000,
    "minus signs": "-" * 19_000 + "s == s",
    "powers": "s**" * 6_000 + "2 == s",
    "products": "s*" * 9_000 + "s == s",
    "products past the depth": "s*" * 101 + "s == s",
    "sums": "s+" * 9_900 + "s == s",
    "sums past the bound": "s+" * 2_600 + "s == s",
    "attributes": "M" + ".T" * 9_000 + " == M",
    "applications": "f" + "(s)" * 6_000 + " == s",
    "equalities": "s==" * 6_000 + "s",
    "arguments": "tr(" + "s," * 9_000 + "s) == s",
    "conditionals": "s if s else " * 1_600 + "s == s",
    "negations": "not " * 4_900 + "s",
    "nodes": "s == tr(" + "-s*-s+" * 2_400 + "s)",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_refused_quickly(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ClaimError):
        parse_statement(text, KINDS)
    assert time.perf_counter() - start < 2


def test_long_sums_and_deep_trees_within_the_bounds_are_read() -> None:
    terms = parse_expression("+".join(["s"] * 2_000), KINDS)
    assert (terms.op, len(terms.args)) == ("add", 2_000)
    assert parse_expression("-(" * 45 + "s" + ")" * 45, KINDS).size == 46
    assert parse_expression("@".join(["M"] * 90), KINDS).size == 179


_TEXT = """
A B M R v w x y s t f q n i k T d tr inv datasum along grad liegrad jac diff eye zeros ones outer sqnorm == + - * / @ **
( ) [ ] , . = 0 1 2 0.5 1e9 99 [i] .T .d f( sin( lambda not for in if else and None __class__
"""
_WORDS = st.sampled_from([*_TEXT.split(), "\n"])


@settings(max_examples=300, deadline=2_000, derandomize=True)
@given(st.one_of(st.text(max_size=200), st.lists(_WORDS, max_size=40).map(" ".join), st.lists(_WORDS).map("".join)))
def test_any_text_gives_an_equation_or_a_claim_error(text: str) -> None:
    try:
        assert isinstance(parse_statement(text, KINDS), Equation)
    except ClaimError as error:
        assert error.position is None or 1 <= error.position <= len(text) + 1


@pytest.mark.skipif(not SHARED_CLAIMS, reason="the sample claims are not beside this checkout")
@pytest.mark.parametrize("path", SHARED_CLAIMS, ids=lambda path: path.name)
def test_sample_claims_parse(path: Path) -> None:
    claims = load(path).claims
    assert claims
    assert [claim.error for claim in claims if claim.error] == []
