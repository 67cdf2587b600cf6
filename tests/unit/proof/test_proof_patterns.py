"""Gluing, patterns, parts of arguments and rewriting: each small piece of the prover on its own, by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symflow.calculus.atoms import Argument, Space
from symflow.calculus.elaboration import Elaborator
from symflow.calculus.tensors import Budget
from symflow.claims import parse_statement, scope
from symflow.expr.tree import Expr
from symflow.proof.chains import read_chain
from symflow.proof.gluing import close_sums, glue, top_index
from symflow.proof.patterns import matches, orient
from symflow.proof.proving import Prover, attempt
from symflow.proof.rewriting import Rewriter
from symflow.proof.splitting import common_parts, is_nonnegative, is_positive, monomial

SYMBOLS = {
    "s": "scalar",
    "t": "scalar",
    "p": "scalar(positive)",
    "A": "matrix(n)",
    "B": "matrix(n)",
    "K": "antisymmetric(n)",
    "V": "invertible(n)",
    "R": "orthogonal(n)",
    "P": "projector(n)",
    "J": "idempotent(n)",
    "H": "mask(n)",
    "D": "positive_diagonal(n)",
    "u": "vector(n)",
    "v": "vector(n)",
    "S": "positive_definite(n)",
}


def expression(text: str) -> Expr:
    return parse_statement(f"{text} == {text}", scope(SYMBOLS)).lhs


def argument(text: str, space: Space | None = None) -> tuple[Space, Argument]:
    space = Space() if space is None else space
    return space, Elaborator(space)(expression(text)).argument(space)


# ---- gluing


def test_glue_identifies_outs_with_holes() -> None:
    space, a = argument("A")
    number = a.terms[0][0][0][0][0]
    (piece,) = glue(
        space, ((number, (0, 5)),), (0, 1), (5, 1), [(Fraction(2), ((number, (7, 8)),), (7, 8))], ("n", "n")
    )
    assert piece == (2, ((number, (0, 5)), (number, (5, 1))), (0, 1))


def test_glue_of_the_identity_merges_indices() -> None:
    space, a = argument("A")
    number = a.terms[0][0][0][0][0]
    (piece,) = glue(space, ((number, (0, 5)),), (0, 1), (5, 1), [(1, (), (0, 0))], ("n", "n"))
    _, factors, outs = piece
    assert factors == ((number, outs),)


def test_a_sum_without_a_factor_becomes_its_dimension() -> None:
    space = Space()
    coefficient, factors, _ = close_sums(space, 1, (), (), (4,), ("n",))
    assert (coefficient, [space[a].head for a, _ in factors]) == (1, ["dim"])
    assert close_sums(space, 2, (), (), (4,), (3,)) == (6, (), ())
    assert close_sums(space, 1, (), (4,), (4,), ("n",)) == (1, (), (4,))
    assert top_index(((0, (3, 9)),), (1,), (4,)) == 10


# ---- patterns


def test_orient_reads_from_the_heaviest_term_and_divides_by_its_coefficient() -> None:
    _, relation = argument("2*A@B - A - eye(n)")
    pattern = orient(relation, "hypothesis", (0,))
    assert pattern is not None
    assert len(pattern.lead) == 2
    assert sorted(c for c, _, _ in pattern.rest) == [Fraction(1, 2), Fraction(1, 2)]
    assert pattern.scale == Fraction(1, 2)
    assert orient(Argument(("n",), ()), "hypothesis", (0,)) is None
    assert orient(argument("eye(n)")[1], "hypothesis", (0,)) is None


@pytest.mark.parametrize(
    ("lead", "term", "found"),
    [
        ("A@B", "B@A@B@A", True),
        ("A@B", "B@A", False),
        ("A@B", "A@B.T", False),
        ("A@B", "B.T@A.T", True),  # the same network
        ("A@B", "hadamard(A, B)", False),
        ("A@B", "A@H@B", False),  # something else touches the summed index
        ("K@A", "A.T@K", True),  # a turned antisymmetric letter
        ("tr(A@B)", "tr(B@A)*A", True),
        ("tr(A@B)", "tr(A@B.T)*A", False),
    ],
)
def test_the_first_match(lead: str, term: str, found: bool) -> None:
    space, relation = argument(lead)
    pattern = orient(relation, "hypothesis", (0,))
    assert pattern is not None
    (factors, outs), coefficient = argument(term, space)[1].terms[0]
    match = next(matches(space, pattern, factors, outs), None)
    assert (match is not None) is found
    if match is not None and "K" in lead:
        assert coefficient * match[2] * pattern.scale == -1  # A^T K = -(K A)^T
    if match is not None:
        assert len(match[0]) == len(factors) - len(pattern.lead)


# ---- arguments taken apart


@pytest.mark.parametrize(
    "text", ["p", "p + 1", "p*p + s*s", "exp(s)", "1 + u.T@u", "tr(eye(n))", "tr(D)", "1/p", "sqrt(p)", "det(S)"]
)
def test_positive(text: str) -> None:
    assert is_positive(*argument(text))


@pytest.mark.parametrize(
    "text", ["s", "s*s", "p - 1", "u.T@u", "u.T@v + 1", "1/s", "sqrt(s)", "-exp(s)", "tr(H)", "det(V)", "0*s"]
)
def test_not_known_to_be_positive(text: str) -> None:
    assert not is_positive(*argument(text))


@pytest.mark.parametrize(
    ("text", "so"), [("s*s", True), ("u.T@u", True), ("tr(H)", True), ("s", False), ("s*s - 1", False), ("s*t", False)]
)
def test_nonnegative(text: str, so: bool) -> None:
    assert is_nonnegative(*argument(text)) is so


def test_parts() -> None:
    found = monomial(*argument("3*s*t*(u.T@A@v)"))
    assert found is not None
    assert (found.coefficient, len(found.parts)) == (3, 3)
    assert monomial(*argument("s + t")) is None
    common = common_parts(*argument("s*t + s*p"))
    assert common is not None
    assert (len(common[0]), len(common[1].terms)) == (1, 2)
    assert common_parts(*argument("s + t")) is None


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("A@B", 2),
        ("2*s*A@H@B.T", 3),
        ("tr(A)*B", 1),
        ("H", None),
        ("hadamard(A, B)", None),
        ("A + B", None),
        ("u@v.T", None),
        ("A@diag(u)@B", 3),
    ],
)
def test_chains(text: str, letters: int | None) -> None:
    chain = read_chain(*argument(text))
    assert (None if chain is None else len(chain.items)) == letters


def test_chains_know_which_way_a_letter_is_entered() -> None:
    chain = read_chain(*argument("A@B.T"))
    assert chain is not None
    assert [item.flipped for item in chain.items] == [False, True]


# ---- rewriting

REWRITTEN = [
    ("R.T@R", "eye(n)"),
    ("R@R.T@A", "A"),
    ("P@P@P", "P"),
    ("P.T", "P"),
    ("J@J", "J"),
    ("J.T@J.T@A", "J.T@A"),
    ("H@A@H@H", "H@A@H"),
    ("inv(V)@V", "eye(n)"),
    ("A@V@inv(V)", "A"),
    ("V.T@inv(V).T", "eye(n)"),
    ("tr(R.T@A@R)", "tr(A)"),
    ("tr(R.T@R)", "tr(eye(n))"),
    ("s*(1/s)", "1"),
    ("sqrt(s)*sqrt(s)", "s"),
    ("hadamard(step(u), step(u))", "step(u)"),
    ("inv(R)", "R.T"),
    ("inv(inv(V))", "V"),
    ("det(R)**2", "1"),
    ("inv(2*V)", "inv(V)/2"),
    ("inv(V@R)", "R.T@inv(V)"),
    ("tr(K)", "0"),
    ("u.T@K@u", "0"),
]
KEPT = [
    "R@R",
    "J.T@J",
    "P@H",
    "H@P@H",
    "V@V",
    "inv(V)@V.T",
    "J@H@J",
    "tr(J.T@J)",
    "sqrt(s)*sqrt(t)",
    "hadamard(R, R)",
    "K@K",
    "det(V)",
]


@pytest.mark.parametrize(("text", "wanted"), REWRITTEN)
def test_meeting_rules(text: str, wanted: str) -> None:
    equation = parse_statement(f"{text} == {wanted}", scope(SYMBOLS))
    prover = Prover(equation)
    first = prover.normal_form(equation.lhs)
    assert first[0] == prover.normal_form(equation.rhs)[0]
    assert attempt(equation).certificate is not None


@pytest.mark.parametrize("text", KEPT)
def test_what_no_relation_covers_is_left_alone(text: str) -> None:
    e = expression(text)
    prover = Prover(e == e)
    plain = prover.elaborator(e).collected(prover.space)
    assert prover.normal_form(e)[0] == plain


def test_notes_say_what_was_done() -> None:
    space, a = argument("R.T@R@A")
    log: list = []
    assert len(Rewriter(space, Budget()).normalise(dict(a.terms), log)) == 1
    assert [(note.schema, note.coefficient) for note in log] == [("orthogonal-left", -1)]


@pytest.mark.parametrize(
    "text",
    [
        "s/(s + t) + t/(s + t) == 1",
        "1/(s - t) - 1/(s + t) == 2*t/(s**2 - t**2)",
        "inv(A)*s - inv(A)@B == inv(A)@(s*eye(n) - B)",
        "inv(A) - inv(B) == inv(A)@(B - A)@inv(B)",
        "inv(eye(n) + A@B)@A == A@inv(eye(n) + B@A)",
        "inv(V + outer(u, v)) == inv(V) - inv(V)@outer(u, v)@inv(V)/(1 + v.T@inv(V)@u)",
    ],
)
def test_clearing_and_completion(text: str) -> None:
    assert attempt(parse_statement(text, scope(SYMBOLS))).certificate is not None


@pytest.mark.parametrize(
    "text",
    [
        "s/(s + t) - t/(s + t) == 1",
        "1/(s - t) + 1/(s + t) == 2*t/(s**2 - t**2)",
        "inv(A) - inv(B) == inv(A)@(A - B)@inv(B)",
        "inv(eye(n) + A@B)@A == A@inv(eye(n) + A@B)",
        "inv(V + outer(u, v)) == inv(V) + inv(V)@outer(u, v)@inv(V)/(1 + v.T@inv(V)@u)",
    ],
)
def test_clearing_and_completion_prove_nothing_false(text: str) -> None:
    tried = attempt(parse_statement(text, scope(SYMBOLS)))
    assert tried.certificate is None
    assert tried.residual
