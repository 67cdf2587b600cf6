"""Atoms and tensors against entries: each sum over indices is evaluated by loops over small arrays."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from symflow.calculus.atoms import Argument, Space
from symflow.calculus.elaboration import Elaborator
from symflow.calculus.tensors import Budget, Tensor, add, contract, letter
from symflow.calculus.tensors import product as multiply
from symflow.errors import LimitError
from symflow.expr import language
from symflow.expr.tree import Symbol

N = 2
ARRAYS = {
    "A": {(0, 0): 1, (0, 1): 2, (1, 0): 3, (1, 1): 5},
    "B": {(0, 0): 0, (0, 1): 1, (1, 0): -1, (1, 1): 4},
    "S": {(0, 0): 2, (0, 1): 7, (1, 0): 7, (1, 1): 1},
    "K": {(0, 0): 0, (0, 1): 3, (1, 0): -3, (1, 1): 0},
    "d": {(0,): 2, (1,): 5},
    "v": {(0,): 3, (1,): -2},
    "s": {(): 11},
    "weight": {(0,): 2, (1,): 9},
    "x": {(0, 0): 1, (0, 1): 2, (1, 0): -1, (1, 1): 3},  # coordinate, data point
}
MATRIX = {name: Symbol(name, "matrix", ("n",)) for name in "AB"}
S, K = Symbol("S", "symmetric", ("n",)), Symbol("K", "antisymmetric", ("n",))
d, v, s = Symbol("d", "diagonal", ("n",)), Symbol("v", "vector", ("n",)), Symbol("s", "scalar")
x = Symbol("x", "vector", ("n",), True)


def entries(space: Space, tensor: Tensor) -> dict[tuple[int, ...], Fraction]:
    """The value of a tensor at every position of its outs, by brute force; only symbols, weights and dimensions."""
    result: dict[tuple[int, ...], Fraction] = {}
    for c, factors, outs, _ in tensor.terms:
        indices = sorted({i for _, slots in factors for i in slots} | set(outs))
        for values in product(range(N), repeat=len(indices)):
            at = dict(zip(indices, values, strict=True))
            value = Fraction(c)
            for number, slots in factors:
                atom = space[number]
                value *= N if atom.head == "dim" else ARRAYS[atom.name][tuple(at[i] for i in slots)]
            place = tuple(at[i] for i in outs)
            result[place] = result.get(place, Fraction(0)) + value
    return {place: value for place, value in result.items() if value}


def matrix(name: str) -> list[list[int]]:
    return [[ARRAYS[name][i, j] for j in range(N)] for i in range(N)]


def nonzero(rows: list[list[int]]) -> dict[tuple[int, int], int]:
    return {(i, j): rows[i][j] for i in range(N) for j in range(N) if rows[i][j]}


def test_product_is_the_matrix_product() -> None:
    space = Space()
    A, B = (letter(space, space.symbol(MATRIX[name]), ("r", "c")) for name in "AB")
    AB = multiply(space, A, ("r", "k"), B, ("k", "c"), ("r", "c"))
    a, b = matrix("A"), matrix("B")
    assert entries(space, AB) == nonzero(
        [[sum(a[i][k] * b[k][j] for k in range(N)) for j in range(N)] for i in range(N)]
    )


def test_equal_names_are_identified_and_missing_ones_summed() -> None:
    space = Space()
    A, B = (letter(space, space.symbol(MATRIX[name]), ("r", "c")) for name in "AB")
    a, b = matrix("A"), matrix("B")
    entrywise = multiply(space, A, ("r", "c"), B, ("r", "c"), ("r", "c"))
    assert entries(space, entrywise) == nonzero([[a[i][j] * b[i][j] for j in range(N)] for i in range(N)])
    trace = contract(space, A, ("k", "k"), ())
    assert entries(space, trace) == {(): 6}
    everything = contract(space, A, ("k", "l"), ())
    assert entries(space, everything) == {(): 11}
    diagonal = contract(space, A, ("k", "k"), ("k",))
    assert entries(space, diagonal) == {(0,): 1, (1,): 5}


def test_a_sum_that_meets_no_factor_is_the_dimension() -> None:
    space = Space()
    one = Tensor(("r", "c"), ("n", "n"), [(1, (), (0, 0), 1)])
    assert entries(space, contract(space, one, ("k", "k"), ())) == {(): N}
    ones = Tensor(("r", "c"), ("n", 3), [(1, (), (0, 1), 2)])
    assert entries(space, contract(space, ones, ("k", "l"), ())) == {(): 3 * N}


def test_add_spreads_constants_over_data() -> None:
    space = Space()
    both = add([letter(space, space.symbol(x), ("r", "#i")), letter(space, space.symbol(v), ("r",))])
    assert both.labels == ("r", "#i")
    value = {(k, i): ARRAYS["x"][k, i] + ARRAYS["v"][k,] for k in range(N) for i in range(N)}
    assert entries(space, both) == {place: number for place, number in value.items() if number}


def test_collected_adds_equal_terms_and_drops_zeros() -> None:
    space = Space()
    A = letter(space, space.symbol(MATRIX["A"]), ("r", "c"))
    assert add([A, A.scaled(-1)]).collected(space) == {}
    assert list(add([A, A]).collected(space).values()) == [2]
    skew = letter(space, space.symbol(K), ("r", "c"))
    assert add([skew, contract(space, skew, ("c", "r"), ("r", "c"))]).collected(space) == {}
    symmetric = letter(space, space.symbol(S), ("r", "c"))
    assert list(add([symmetric, contract(space, symmetric, ("c", "r"), ("r", "c"))]).collected(space).values()) == [2]


def variables():
    named = {symbol.name: language.variable(symbol) for symbol in (*MATRIX.values(), S, K, d, v, s)}
    return named | {"x": language.variable(x, "i")}


def cases():
    e = variables()
    a, b, u = matrix("A"), matrix("B"), [3, -2]
    return [
        (language.tr(e["A"] @ e["B"]), {(): sum(a[i][k] * b[k][i] for i in range(N) for k in range(N))}),
        (language.sqnorm(e["A"]), {(): 39}),
        (language.dot(e["A"], e["B"]), {(): 19}),
        (language.comm(e["A"], e["A"]), {}),
        (e["A"] @ e["v"], {(0,): -1, (1,): -1}),
        (e["v"].T @ e["A"] @ e["v"], {(): sum(u[i] * a[i][j] * u[j] for i in range(N) for j in range(N))}),
        (language.hadamard(e["A"], e["S"]), nonzero([[2, 14], [21, 5]])),
        (language.diagpart(e["A"]), {(0,): 1, (1,): 5}),
        (language.outer(e["v"], e["v"]), nonzero([[9, -6], [-6, 4]])),
        (language.diag(e["v"]) @ e["A"], nonzero([[3, 6], [-6, -10]])),
        (e["d"] @ e["A"], nonzero([[2, 4], [15, 25]])),
        (language.skew(e["A"]) * 2, nonzero([[0, -1], [1, 0]])),
        (language.datasum(e["x"], "i"), {(0,): 2 * 1 + 9 * 2, (1,): 2 * -1 + 9 * 3}),
        (language.tr(language.eye("n")) * e["s"], {(): 22}),
        (e["A"] ** 2, nonzero([[7, 12], [18, 31]])),
        (e["A"] ** 0, nonzero([[1, 0], [0, 1]])),
        (language.ones("n", "n") - language.eye("n"), nonzero([[0, 1], [1, 0]])),
        (language.grad(e["v"].T @ e["A"] @ e["v"], e["v"]), {(0,): 2 * 3 + 5 * -2, (1,): 5 * 3 + 10 * -2}),
        (
            language.grad(language.tr(e["A"] @ e["S"]), e["S"]),
            {(0, 0): 1, (0, 1): Fraction(5, 2), (1, 0): Fraction(5, 2), (1, 1): 5},
        ),
        (language.grad(language.tr(e["A"] @ e["K"]), e["K"]), {(0, 1): Fraction(1, 2), (1, 0): Fraction(-1, 2)}),
        (language.jac(e["A"] @ e["v"], e["v"]), nonzero(a)),
        (
            language.diff(e["A"] @ e["A"], e["A"], e["B"]),
            nonzero([[-2 + 3, 9 + 1 * 1 + 0], [-1 + 12 - 5, 3 + 20 - 2 + 20]]),
        ),
    ]


@pytest.mark.parametrize("number", range(len(cases())))
def test_elaboration_against_entries(number: int) -> None:
    expression, wanted = cases()[number]
    space = Space()
    tensor = Elaborator(space)(expression)
    if expression.op == "diff":
        a, b = matrix("A"), matrix("B")
        wanted = nonzero(
            [[sum(a[i][k] * b[k][j] + b[i][k] * a[k][j] for k in range(N)) for j in range(N)] for i in range(N)]
        )
    assert entries(space, tensor) == wanted, repr(expression)


def test_atoms_are_interned_and_know_their_slots() -> None:
    space = Space()
    assert space.symbol(S) == space.symbol(Symbol("S", "symmetric", ("n",)))
    assert [space[space.symbol(symbol)].dims for symbol in (S, d, v, s, x)] == [
        ("n", "n"),
        ("n",),
        ("n",),
        (),
        ("n", None),
    ]
    assert [space[space.symbol(symbol)].symmetry for symbol in (S, K, MATRIX["A"], d)] == [1, -1, 0, 0]
    row = Symbol("L", "matrix", (1, "n"))
    assert space[space.symbol(row)].dims == ("n",)


def test_equal_arguments_make_equal_atoms() -> None:
    space = Space()
    elaborate = Elaborator(space)
    e = variables()
    first = elaborate(language.exp(e["A"] @ e["v"] + e["v"])).collected(space)
    second = elaborate(language.exp(e["v"] + (e["v"].T @ e["A"].T).T)).collected(space)
    assert first == second
    assert first != elaborate(language.exp(e["A"].T @ e["v"] + e["v"])).collected(space)


def test_symmetry_of_an_argument_is_seen() -> None:
    space = Space()
    elaborate = Elaborator(space)
    e = variables()

    def symmetry(matrix_) -> int:
        (key,) = elaborate(language.inv(matrix_)).collected(space)
        return space[key[0][0][0]].symmetry

    assert symmetry(e["A"] @ e["A"].T + e["S"]) == 1
    assert symmetry(e["A"] + e["S"]) == 0
    assert Argument(("n",), ()).is_zero


def test_the_budget_stops_what_grows() -> None:
    Budget().check(20_000)
    with pytest.raises(LimitError, match="more than"):
        Budget().check(20_001)
    with pytest.raises(LimitError, match="time"):
        Budget(-1.0).check()
    e = variables()
    big = (e["A"] + e["B"] + e["S"] + e["K"] + language.eye("n")) ** 16
    with pytest.raises(LimitError):
        Elaborator(Space(), Budget(5.0))(big)
