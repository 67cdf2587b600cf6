"""Mutants of true statements: each is refuted, or true by accident in the judgement of referees.

The gate decides a fixed sample that reaches every sample claim and every file of derivations; ``-m deep`` decides some
of every statement, and some of those of the project's own vectors. ``python -m tests.mutation --deep`` decides all.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, groupby

import pytest

from symflow.expr import language
from symflow.expr.order import Inequality
from symflow.expr.tree import Equation, FunctionSymbol, Symbol, lift
from symflow.proof import Verdict, decide
from symflow.proof.verdicts import Verdict as ProofVerdict
from tests.mutation import campaign, referees
from tests.mutation.__main__ import survey
from tests.mutation.mutants import MUTATIONS, Mutant, mutants
from tests.mutation.planting import plant
from tests.mutation.quadrics import FAMILIES
from tests.mutation.solutions import solutions
from tests.mutation.statements import SAMPLES, Statement, derivations, samples, vectors

BOTH = ("lhs", "rhs")
SHORT = 150  # characters: the gate plants mistakes in statements no longer than this, where a file has such


@pytest.fixture(scope="module")
def derived() -> list[Statement]:
    return list(derivations())


def _length(statement: Statement) -> int:
    return len(repr(statement.equation))


def _assert_sound(tally: campaign.Tally) -> None:
    assert not tally.failures, "\n".join(map(str, tally.failures))


@pytest.mark.skipif(not SAMPLES.is_file(), reason="there is no folder ../shared beside this checkout")
def test_no_mutant_of_a_sample_claim_is_proved_wrongly() -> None:
    tally = campaign.Tally()
    for place, statement in enumerate(samples()):
        planted = plant(statement, BOTH)
        for k in range(2):
            campaign.judge(statement, planted[(7 * place + k * len(planted) // 2) % len(planted)], tally)
    _assert_sound(tally)
    assert tally.total("refuted") > 0.7 * sum(tally.counts.values())
    assert tally.total("undecided") < 0.02 * sum(tally.counts.values())


def test_no_mutant_of_a_derivation_is_proved_wrongly(derived: list[Statement]) -> None:
    tally = campaign.Tally()
    files = {file: list(statements) for file, statements in groupby(derived, key=lambda statement: statement.file)}
    for place, statements in enumerate(files.values()):
        statement = sorted(statements, key=_length)[place % max(1, sum(_length(s) <= SHORT for s in statements))]
        planted = plant(statement, BOTH)
        campaign.judge(statement, planted[7 * place % len(planted)], tally)
    _assert_sound(tally)
    assert {file for file, _ in tally.files} == set(files)
    assert tally.total("refuted") > 0.7 * sum(tally.counts.values())


@pytest.mark.deep
@pytest.mark.parametrize("source", [samples, derivations], ids=["sample claims", "derivations"])
def test_some_mutants_of_every_statement(source) -> None:
    tally = survey(source(), every=25, least=4)
    _assert_sound(tally)
    assert tally.total("undecided") < 0.05 * sum(tally.counts.values())


@pytest.mark.deep
def test_mutants_of_the_vectors() -> None:
    _assert_sound(campaign.run(vectors(), BOTH, every=8))


def test_the_statements_that_are_mutated_are_there(derived: list[Statement]) -> None:
    assert len({s.file for s in derived}) >= 40
    assert len(derived) >= 300
    assert sum(isinstance(s.equation, Inequality) for s in derived) >= 15
    assert sum(s.induction is not None for s in derived) >= 15
    if SAMPLES.is_file():
        assert len(list(samples())) >= 30


def test_hypotheses_are_those_of_the_statement(derived: list[Statement]) -> None:
    d1 = {s.name: s.hypotheses for s in derived if s.file == "d1_fixed_rotations"}
    assert len(set(d1.values())) > 2, "each statement has its own, not all of its file"
    assert not all(d1.values())


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


def _judged(
    equation: Equation, claimed: Verdict, monkeypatch: pytest.MonkeyPatch, statement: Statement | None = None
) -> campaign.Tally:
    monkeypatch.setattr(campaign, "decide", lambda *a, **k: claimed)
    tally = campaign.Tally()
    campaign.judge(statement or Statement("made up", equation), Mutant(equation, "sign", "rhs"), tally)
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
    assert tally.established == {"points, SymPy": 1}


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


@pytest.mark.parametrize("function", [language.exp, language.sin, language.tanh])
def test_a_slip_in_the_ninth_digit_of_an_exponent_is_refuted(function) -> None:
    a = language.variable(Symbol("a", "scalar"))
    slip = Fraction(10**9 + 1, 10**9)  # not to be written as so many factors exp(a/10**9)
    assert decide(function(slip * a) == function(a), seconds=2.0).status == "refuted"


# ---- inequalities

cross = Statement("cross", 2 * u.T @ v <= language.sqnorm(u) + language.sqnorm(v), by=language.sqnorm(u - v))


def test_an_inequality_is_mutated_in_all_that_it_rests_on() -> None:
    planted = plant(cross, BOTH)
    assert {m.side for m in planted} == {"lhs", "rhs", "order", "by", "sign"}
    assert all(isinstance(m.equation, Inequality) for m in planted)
    assert {m.equation.relation for m in planted if m.side in BOTH} == {"<="}
    assert {m.equation.relation for m in planted if m.side == "order"} == {">="}
    assert {m.equation for m in planted if m.side == "by"} == {cross.equation}
    assert all(m.by is None and m.equation.rhs.same(lift(0)) for m in planted if m.side == "sign")


def test_no_mutant_of_an_inequality_is_proved_wrongly() -> None:
    tally = campaign.run([cross], BOTH)
    _assert_sound(tally)
    assert tally.total("proved") >= 2  # what is weaker by a square, for one
    assert all(f.status != "refuted" for f in tally.findings)
    reversed_ = [f for f in tally.findings if f.mutant.side == "order"]
    assert not reversed_, "the opposite order is refuted"


def test_a_wrong_proof_of_an_inequality_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Inequality(2 * u.T @ v, ">=", language.sqnorm(u))
    tally = _judged(wrong, ProofVerdict("proved", "a lie", 0.0), monkeypatch)
    assert tally.failures
    assert "REFUTED by a fresh point" in str(tally.failures[0])


def test_what_the_excess_equals_is_seen_to_differ() -> None:
    mutant = Mutant(cross.equation, "sign", "by", language.sqnorm(u + v))
    said = {opinion.referee: opinion.agrees for opinion in referees.opinions(cross, mutant)}
    assert said == {"points": True, "points, identity": False, "SymPy": False}


# ---- referees


def test_hypotheses_are_satisfied_by_fresh_points(derived: list[Statement]) -> None:
    for statement in derived:
        if statement.hypotheses and statement.induction is None:
            points = list(solutions(statement.equation, statement.hypotheses, 6, seed=1))
            assert len(points) == 6, statement.name
            assert not statement.equation.dimensions() or any(max(p.sizes.values()) > 1 for p in points)


def test_every_construction_is_for_a_hypothesis_of_the_project(derived: list[Statement]) -> None:
    texts = {repr(hypothesis) for statement in derived for hypothesis in statement.hypotheses}
    assert set(FAMILIES) <= texts


def test_a_wrong_proof_under_hypotheses_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Statement("made up", A @ A @ u == 2 * B @ B @ u, (Equation(A @ u, B @ u),))
    tally = _judged(wrong.equation, ProofVerdict("proved", "a lie", 0.0), monkeypatch, wrong)
    assert "REFUTED by a fresh point under the hypotheses" in str(tally.failures[0])


def test_a_proof_of_which_nobody_can_say_anything_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    impossible = Statement("made up", A == B, (Equation(language.sqnorm(u), lift(-1)),))
    tally = _judged(impossible.equation, ProofVerdict("proved", "vacuous", 0.0), monkeypatch, impossible)
    assert len(tally.failures) == 1
    assert tally.established == {"nobody can say; SymPy: does not apply under hypotheses": 1}


def test_sympy_is_stopped_when_its_time_is_up() -> None:
    M = [language.variable(Symbol(f"M{k}", "matrix", ("n",))) for k in range(9)]
    product = M[0] @ M[1] @ M[2] @ M[3] @ M[4] @ M[5] @ M[6] @ M[7] @ M[8]
    said = referees.by_entries(Equation(language.det(product @ product), language.det(product) ** 2), seconds=0.3)
    assert (said.agrees, said.words) == (None, "SymPy: does not apply in time")


def test_a_theorem_is_written_out_for_a_few_layers(derived: list[Statement]) -> None:
    statement = next(s for s in derived if s.name == "a1_cumulative_parameters/A1")
    assert all(opinion.agrees for opinion in referees.at_depths(statement.induction, statement.equation))
    wrong = next(m for m in mutants(statement.equation, BOTH) if m.slip == "term dropped")
    said = list(referees.at_depths(statement.induction, wrong.equation))
    assert said[-1].agrees is False


def test_mutants_of_a_theorem_for_every_depth(derived: list[Statement]) -> None:
    statement = next(s for s in derived if s.name == "b1_chain_of_projections/B1")
    tally = campaign.run([statement], BOTH)
    _assert_sound(tally)
    assert tally.total("refuted") > 5
