"""Laws of the kernel: normal forms are idempotent, and nothing depends on how a statement happens to be written.

*Presentation* is the order of sums and of scalar factors, the brackets of products, which side is left, a transpose of
both sides, and every name: symbols, dimensions, data indices. Canonical labelling is the root of it: renaming summed
indices, shuffling factors and turning symmetric letters must not change a key.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from symflow.calculus.atoms import Factors, Slots, Space
from symflow.calculus.labelling import canonical
from symflow.calculus.reading_back import read_back
from symflow.errors import KindError, LimitError, UnsupportedError
from symflow.expr import language
from symflow.expr.kinds import KINDS
from symflow.expr.order import Inequality
from symflow.expr.shapes import SCALAR, Dim
from symflow.expr.traversal import bottom_up
from symflow.expr.tree import OPS, Equation, Expr, Symbol
from symflow.proof import attempt
from symflow.proof.proving import Prover
from tests.mutation.mutants import mutants, rebuild
from tests.mutation.statements import Statement, derivations, samples
from tests.property.trees import DERIVATIVE_FREE, SHAPES, SYMBOLS, equations, expressions

QUICK = settings(
    max_examples=2 * settings.default.max_examples,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
SECONDS = 2.0
POLYNOMIAL = sorted(DERIVATIVE_FREE - {"div", "inv", "det", "logdet", "log", "sqrt", "tanh"})

# ---- canonical labelling

LETTERS = {
    "vector": Symbol("v", "vector", ("n",)),
    "matrix": Symbol("A", "matrix", ("n",)),
    "other matrix": Symbol("B", "matrix", ("n",)),
    "symmetric": Symbol("S", "symmetric", ("n",)),
    "antisymmetric": Symbol("K", "antisymmetric", ("n",)),
    "diagonal": Symbol("D", "diagonal", ("n",)),
    "scalar": Symbol("s", "scalar"),
}


def _space() -> tuple[Space, list[int]]:
    space = Space()
    return space, [space.symbol(symbol) for symbol in LETTERS.values()]


@st.composite
def networks(draw: st.DrawFn) -> tuple[Factors, Slots]:
    """Up to seven letters on up to five indices, up to two of these free."""
    space, atoms = _space()
    count = draw(st.integers(1, 5))
    factors = []
    for _ in range(draw(st.integers(1, 7))):
        atom = draw(st.sampled_from(atoms))
        slots = tuple(draw(st.integers(0, count - 1)) for _ in space[atom].dims)
        factors.append((atom, slots))
    touched = sorted({s for _, slots in factors for s in slots})
    outs = tuple(draw(st.lists(st.sampled_from(touched), max_size=2))) if touched else ()
    return tuple(factors), outs


def _renamed(factors: Factors, outs: Slots, rng: Random) -> tuple[Factors, Slots, int]:
    """The same network with other indices, another order of factors and turned letters; the sign of the turning."""
    space, _ = _space()
    indices = sorted({s for _, slots in factors for s in slots} | set(outs))
    names = dict(zip(indices, rng.sample(range(100), len(indices)), strict=True))
    result, sign = [], 1
    for atom, slots in factors:
        new = tuple(names[s] for s in slots)
        if space.symmetry[atom] and rng.random() < 0.5:
            new = (new[1], new[0])
            sign *= space.symmetry[atom]
        result.append((atom, new))
    rng.shuffle(result)
    return tuple(result), tuple(names[s] for s in outs), sign


@settings(QUICK, max_examples=300)
@given(networks(), st.randoms(use_true_random=False))
def test_labelling_does_not_depend_on_names_order_or_turns(network: tuple[Factors, Slots], rng: Random) -> None:
    space, _ = _space()
    sign, key = canonical(space, *network)
    factors, outs, turned = _renamed(*network, rng)
    assert canonical(space, factors, outs) == (sign * turned, key)


@settings(QUICK, max_examples=200)
@given(networks())
def test_labelling_is_idempotent_and_faithful(network: tuple[Factors, Slots]) -> None:
    space, _ = _space()
    sign, key = canonical(space, *network)
    if sign:
        assert canonical(space, *key) == (1, key)
        assert sorted(a for a, _ in key[0]) == sorted(a for a, _ in network[0])
        assert len({s for _, slots in key[0] for s in slots}) == len({s for _, slots in network[0] for s in slots})


def test_labelling_tells_networks_apart() -> None:
    space, _ = _space()
    A, S = space.symbol(LETTERS["matrix"]), space.symbol(LETTERS["symmetric"])
    straight, turned = ((A, (0, 1)), (A, (1, 2))), ((A, (0, 1)), (A, (2, 1)))
    assert canonical(space, straight, (0, 2)) != canonical(space, turned, (0, 2))
    assert canonical(space, ((A, (0, 1)),), (0, 1)) != canonical(space, ((A, (1, 0)),), (0, 1))
    assert canonical(space, ((S, (0, 1)),), (0, 1)) == canonical(space, ((S, (1, 0)),), (0, 1))


def test_an_odd_symmetry_makes_a_network_zero() -> None:
    space, _ = _space()
    v, K = space.symbol(LETTERS["vector"]), space.symbol(LETTERS["antisymmetric"])
    assert canonical(space, ((v, (0,)), (K, (0, 1)), (v, (1,))), ())[0] == 0
    assert canonical(space, ((K, (3, 3)),), ())[0] == 0
    cycle = ((K, (0, 1)), (K, (1, 2)), (K, (2, 0)))  # tr K^3
    assert canonical(space, cycle, ())[0] == 0


# ---- normal forms


def normal(e: Expr) -> tuple[Prover, dict, tuple[str, ...], tuple]:
    prover = Prover(Equation(e, e), seconds=SECONDS)
    return (prover, *prover.normal_form(e))


@settings(QUICK)
@given(st.sampled_from(SHAPES).flatmap(lambda shape: expressions(shape, depth=3, ops=POLYNOMIAL)))
def test_normal_forms_are_idempotent(e: Expr) -> None:
    note(repr(e))
    prover, terms, labels, dims = normal(e)
    assert prover.rewriter.normalise(dict(terms)) == terms
    try:
        again = read_back(prover.space, terms, labels, dims)
    except UnsupportedError:
        assume(False)
    note(repr(again))
    assert again.shape == e.shape
    same = prover.normal_form(again)[0] if again.op != "zeros" else {}
    difference = prover.normal_form(e - again)[0]
    assert difference == {}
    assert dict(same) == dict(terms) or not terms


@settings(QUICK)
@given(st.sampled_from(SHAPES).flatmap(lambda shape: expressions(shape, depth=3)), st.randoms(use_true_random=False))
def test_the_difference_of_two_ways_to_write_it_vanishes(e: Expr, rng: Random) -> None:
    other = rewritten_presentation(e, rng)
    note(f"{e!r}\n{other!r}")
    first, second = attempt_status(e == e), attempt_status(e == other)
    assert first == second


def attempt_status(equation: Equation) -> bool | None:
    """Whether a statement is proved; None where it asks for a derivative that is not defined."""
    try:
        return attempt(equation, seconds=SECONDS).certificate is not None
    except (KindError, LimitError):
        return None


# ---- presentation


def rewritten_presentation(e: Expr, rng: Random) -> Expr:
    """The expression with its sums and scalar factors in another order and its products in other brackets."""

    def visit(node: Expr, args: list[Expr]) -> Expr:
        if node.op == "add":
            return _sum(rng.sample(args, len(args)))
        if node.op == "mul" and rng.random() < 0.5:
            return args[1] * args[0]
        if node.op == "matmul" and args[0].op == "matmul" and rng.random() < 0.7:
            return args[0].args[0] @ (args[0].args[1] @ args[1])
        if node.op == "matmul" and args[1].op == "matmul" and rng.random() < 0.7:
            return (args[0] @ args[1].args[0]) @ args[1].args[1]
        return rebuild(node, tuple(args)) if args else node

    return bottom_up(e, visit)


def _sum(terms: list[Expr]) -> Expr:
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def renamed(e: Expr, names: dict[str, str]) -> Expr:
    """The expression with other names of symbols, dimensions and data indices."""

    def dim(d: Dim) -> Dim:
        return names[d] if isinstance(d, str) else d

    def symbol(s: Symbol) -> Symbol:
        return Symbol(names[s.name], s.kind, tuple(dim(d) for d in s.dims), s.family)

    def visit(node: Expr, args: list[Expr]) -> Expr:
        shape = (dim(node.shape[0]), dim(node.shape[1]))
        match node.op:
            case "symbol":
                return language.variable(symbol(node.data[0]), names.get(node.data[1], node.data[1]))
            case "apply":
                return Expr("apply", tuple(args), (symbol(node.data[0]), node.data[1]), shape)
            case "datasum":
                return language.datasum(args[0], names[node.data])
            case "along":
                return language.along(args[0], dict(zip(args[1::2], args[2::2], strict=True)))
        return Expr(node.op, tuple(args), node.data, shape)

    return bottom_up(e, visit)


def shuffled_names(equation: Equation, rng: Random) -> dict[str, str]:
    """Fresh names, in an alphabetical order that has nothing to do with the old one."""
    indices = {n.data for e in (equation.lhs, equation.rhs) for n in e.walk() if n.op == "datasum"}
    indices |= {n.data[1] for e in (equation.lhs, equation.rhs) for n in e.walk() if n.op == "symbol" and n.data[1]}
    old = [*equation.symbols(), *equation.dimensions(), *sorted(indices)]
    return dict(zip(old, rng.sample([f"q{k:03}" for k in range(200)], len(old)), strict=True))


def presentations(equation: Equation, rng: Random) -> list[tuple[str, Equation]]:
    """The same statement, written differently."""
    lhs, rhs = equation.lhs, equation.rhs
    names = shuffled_names(equation, rng)
    return [
        ("reordered", Equation(rewritten_presentation(lhs, rng), rewritten_presentation(rhs, rng))),
        ("swapped sides", Equation(rhs, lhs)),
        ("transposed", Equation(lhs.T, rhs.T)),
        ("renamed", Equation(renamed(lhs, names), renamed(rhs, names))),
        ("moved over", Equation(lhs - rhs, language.zeros(*lhs.shape) if lhs.shape != SCALAR else language.lift(0))),
    ]


@settings(QUICK)
@given(equations(ops=sorted(OPS)), st.randoms(use_true_random=False))
def test_verdicts_of_random_claims_do_not_depend_on_presentation(equation: Equation, rng: Random) -> None:
    note(repr(equation))
    wanted = attempt_status(equation)
    for what, other in presentations(equation, rng):
        note(f"{what}: {other!r}")
        assert attempt_status(other) == wanted, what


def true_statements() -> list[Statement]:
    """Those without hypotheses; of an inequality the identity behind it, of an induction its base and its step."""
    found = [s for s in (*samples(), *derivations()) if not s.hypotheses and s.induction is None]
    return [s if s.nonnegative is None else replace(s, equation=identity_of(s)) for s in found]


def identity_of(statement: Statement) -> Equation:
    assert isinstance(statement.equation, Inequality)
    assert statement.nonnegative is not None
    return Equation(statement.equation.excess, statement.nonnegative)


LARGE = 95  # nodes of both sides; five ways to write a larger statement take seconds


def parameters(statements: list[Statement]) -> list[object]:
    sizes = [s.equation.lhs.size + s.equation.rhs.size for s in statements]
    marks = [[pytest.mark.deep] if size > LARGE else [] for size in sizes]
    return [pytest.param(s, marks=mark, id=s.name) for s, mark in zip(statements, marks, strict=True)]


@pytest.mark.parametrize("statement", parameters(true_statements()))
def test_true_statements_are_proved_however_they_are_written(statement: Statement) -> None:
    rng = Random(statement.name)
    for what, other in presentations(statement.equation, rng):
        tried = attempt(other, seconds=10)
        assert tried.certificate is not None, f"{what}: {other!r}: {tried.reason}: {tried.residual}"


@pytest.mark.parametrize("statement", parameters(true_statements()[::9]))
def test_mutants_are_not_proved_however_they_are_written(statement: Statement) -> None:
    rng = Random(statement.name)
    for mutant in mutants(statement.equation)[::10]:
        wanted = attempt_status(mutant.equation)
        for what, other in presentations(mutant.equation, rng)[:4]:
            assert attempt_status(other) == wanted, f"{what}: {other!r}"


def test_renaming_reaches_every_name() -> None:
    x = language.variable(SYMBOLS["x_n"], "i")
    e = language.datasum(x.T @ x, "i") * language.tr(language.eye("n"))
    names = shuffled_names(Equation(e, e), Random(0))
    text = repr(renamed(e, names))
    assert set(names) == {"x_n", "n", "i"}
    assert all(new in text for new in names.values())
    assert not any(f"{old}[" in text or f"({old})" in text for old in names)


def test_every_square_kind_takes_part() -> None:
    assert {s.kind for s in SYMBOLS.values()} == set(KINDS)
