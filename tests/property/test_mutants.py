"""Mutants of true statements: each is refuted, or true by accident in the judgement of three referees.

The gate decides a fixed sample that reaches every sample claim and every statement of every derivation; ``-m deep``
decides all of them, of both sides, and some of those of the project's own vectors.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import chain

import pytest

from symflow.expr import language
from symflow.expr.tree import Equation, FunctionSymbol, Symbol
from symflow.proof import Verdict, decide
from symflow.proof.verdicts import Verdict as ProofVerdict
from tests.mutation import campaign
from tests.mutation.mutants import MUTATIONS, Mutant, mutants
from tests.mutation.statements import SAMPLES, Statement, derivations, samples, vectors

BOTH = ("lhs", "rhs")
PER_STATEMENT = 4


def _every(statement: Statement) -> int:
    """So many that each statement has at least a few of its mutants in the sample."""
    return max(1, len(mutants(statement.equation, BOTH)) // PER_STATEMENT)


def _assert_sound(tally: campaign.Tally) -> None:
    assert not tally.failures, "\n".join(map(str, tally.failures))


@pytest.mark.parametrize("source", [samples, derivations], ids=["sample claims", "derivations"])
def test_no_mutant_is_proved_wrongly(source) -> None:
    if source is samples and not SAMPLES.is_file():
        pytest.skip("there is no folder ../shared beside this checkout")
    tally = campaign.Tally()
    for statement in source():
        found = campaign.run([statement], BOTH, _every(statement))
        assert sum(found.counts.values()) >= PER_STATEMENT, statement.name
        tally.counts += found.counts
        tally.findings += found.findings
    _assert_sound(tally)
    assert tally.total("refuted") > 0.8 * sum(tally.counts.values())
    assert tally.total("undecided") < 0.02 * sum(tally.counts.values())


@pytest.mark.deep
@pytest.mark.parametrize("source", [samples, derivations], ids=["sample claims", "derivations"])
def test_no_mutant_at_all_is_proved_wrongly(source) -> None:
    tally = campaign.run(source(), BOTH)
    _assert_sound(tally)
    assert tally.total("undecided") < 0.02 * sum(tally.counts.values())


@pytest.mark.deep
def test_mutants_of_the_vectors() -> None:
    _assert_sound(campaign.run(vectors(), BOTH, every=8))


def test_the_statements_that_are_mutated_are_there() -> None:
    assert {s.name.split("/")[0][:2] for s in derivations()} >= {"a3", "a4", "a7", "b2", "b3", "b5", "b6"}
    if SAMPLES.is_file():
        assert len(list(samples())) >= 30


# ---- the machinery itself: a campaign that cannot fail proves nothing

A, B = (language.variable(Symbol(name, "matrix", ("n",))) for name in "AB")
H = language.variable(Symbol("H", "mask", ("n",)))
P = language.variable(Symbol("P", "positive_definite", ("n",)))
f, g = FunctionSymbol(Symbol("f", "function")), FunctionSymbol(Symbol("g", "function"))
u, v = (language.variable(Symbol(name, "vector", ("n",))) for name in "uv")
x = language.variable(Symbol("x", "vector", ("n",), True), "i")
left = A @ B  # a left-hand side; the slips are all on the right

SLIPS = [
    ("sign", A == A @ B - B, A @ B + B),
    ("sign", A == A @ B - B, -(A @ B) - B),
    ("sign", A == A @ B, -(A @ B)),
    ("term dropped", A == A + B, B),
    ("doubled", A == A @ B + B, A @ B + 2 * B),
    ("halved", A == B, Fraction(1, 2) * B),
    ("ninth digit", A == B, Fraction(10**9 + 1, 10**9) * B),
    ("plus one", A == 3 * B, 4 * B),
    ("transpose dropped", A == B.T @ A, B @ A),
    ("transpose added", A == B @ A, B.T @ A),
    ("order", A == A @ B, B @ A),
    ("order", A == A.T @ B @ A, A.T @ A @ B),
    ("factor dropped", A == A @ B, A),
    ("symbol swapped", A == A @ B, A @ A),
    ("symbol swapped", f(u) == g(v), f(v)),
    ("derivative order", f(u) == f.d(u), f.d.d(u)),
    ("derivative order", f(u) == f.d(u), f(u)),
    ("identity for a symbol", A == H @ A, language.eye("n") @ A),
    ("complement", A == H @ A, (language.eye("n") - H) @ A),
    ("symbol for the identity", left == language.eye("n") - H, H - H),
    ("ones for the identity", left == language.eye("n") @ A, language.ones("n", "n") @ A),
    ("inverse dropped", left == language.inv(A), A),
    ("inverse added", P == P @ A, language.inv(P) @ A),
    ("function confused", u == language.relu(u), language.step(u)),
    ("exponent", A == A**2, A**3),
    (
        "constant pulled out of a data sum",
        u == language.datasum(x - u, "i"),
        language.datasum(x, "i") + -u,
    ),
    ("function pulled out of a data sum", u == language.datasum(f(x), "i"), f(language.datasum(x, "i"))),
    ("function pushed into a data sum", u == f(language.datasum(x, "i")), language.datasum(f(x), "i")),
    ("data sum dropped", u == language.datasum(u, "i"), u),
    ("differentiated by another symbol", u + v == language.grad(u.T @ v, u), language.grad(u.T @ v, v)),
]


@pytest.mark.parametrize(("slip", "statement", "wrong"), SLIPS)
def test_each_slip_is_made(slip: str, statement: Equation, wrong) -> None:
    made = [m for m in mutants(statement) if m.slip == slip and m.equation.rhs.same(wrong)]
    equal = [m for m in mutants(statement) if m.equation.rhs.same(wrong)]
    # two slips may lead to one tree, which then bears the name of the first
    assert made or (equal and slip in ("symbol swapped", "derivative order"))


def test_mutants_differ_and_keep_shape_and_indices() -> None:
    statement = language.datasum(language.sqnorm(x - u) / 2, "i") == u.T @ v + language.tr(A @ H) * 2
    found = mutants(statement, BOTH)
    assert len(found) == len({m.equation for m in found}) > 40
    assert statement not in {m.equation for m in found}
    assert all(m.equation.rhs.shape == (1, 1) and not m.equation.rhs.free | m.equation.lhs.free for m in found)


def test_every_mutation_makes_a_mutant_of_some_statement() -> None:
    statements = [equation for _, equation, _ in SLIPS]
    around = [(node, e) for e in statements for node in e.rhs.walk()]
    for mutation in MUTATIONS:
        found = [m for _, e in around for m in mutants(e)]
        assert found, mutation.__name__


def _judged(equation: Equation, claimed: Verdict, monkeypatch: pytest.MonkeyPatch) -> campaign.Tally:
    monkeypatch.setattr(campaign, "decide", lambda *a, **k: claimed)
    tally = campaign.Tally()
    campaign.judge(Statement("made up", equation), Mutant(equation, "sign", "rhs"), tally)
    return tally


def test_a_wrong_proof_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = _judged(A @ B == B @ A, ProofVerdict("proved", "a lie", 0.0), monkeypatch)
    assert len(tally.failures) == 1
    assert "REFUTED by a fresh point" in str(tally.failures[0])
    assert "SymPy: FALSE" in str(tally.failures[0])


def test_a_true_one_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = _judged(A.T @ B == (B.T @ A).T, ProofVerdict("proved", "so it is", 0.0), monkeypatch)
    assert not tally.failures
    assert "SymPy: true at size 2" in str(tally.findings[0])


def test_an_alarm_of_the_tripwire_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    detail = "refuted by a point although a certificate was accepted: please report this as a defect of symflow"
    assert _judged(A == B, ProofVerdict("refuted", detail, 0.0), monkeypatch).failures


def test_the_verdicts_that_the_counts_rest_on() -> None:
    tally = campaign.run([Statement("transpose", (A @ B).T == B.T @ A.T)], BOTH)
    assert tally.total("proved") + tally.total("refuted") == sum(tally.counts.values())
    assert tally.total("refuted") > 10
    assert decide(A @ B == B @ A).status == "refuted"
    assert "ninth digit" in tally.table()


def test_hypotheses_are_kept() -> None:
    statement = Statement("commuting", A @ B @ B == B @ B @ A, (Equation(A @ B, B @ A),))
    assert decide(statement.equation, statement.hypotheses).status == "proved"
    tally = campaign.run([statement], ("rhs",))
    _assert_sound(tally)
    reorderings = [x for x in tally.findings if x.mutant.slip == "order" and x.status == "proved"]
    assert reorderings, "with AB = BA another order is true by accident"
    assert list(chain(tally.findings)) == tally.findings
