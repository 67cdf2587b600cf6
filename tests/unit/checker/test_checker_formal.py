"""Gluing and canonical forms, against brute force over all namings of the indices."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from symflow.checker.formal import Algebra, Tensor
from symflow.checker.labelling import canonical
from symflow.errors import CertificateError, LimitError

SYMMETRY = [0, 1, -1, 0, 1]  # atoms: matrix, symmetric, antisymmetric, vector, symmetric family with a third slot
SLOTS = [2, 2, 2, 1, 3]
Factors = tuple[tuple[int, tuple[int, ...]], ...]


def spend() -> None:
    pass


def oriented(factors: Factors) -> tuple[int, Factors]:
    """Factors with symmetric slots in order, sorted, and the sign of that."""
    sign, written = 1, []
    for atom, slots in factors:
        turned = bool(SYMMETRY[atom]) and slots[0] > slots[1]
        sign *= SYMMETRY[atom] if turned else 1
        if SYMMETRY[atom] < 0 and slots[0] == slots[1]:
            return 0, ()
        written.append((atom, (slots[1], slots[0], *slots[2:]) if turned else slots))
    return sign, tuple(sorted(written))


def all_namings(factors: Factors, outs: tuple[int, ...]) -> set[tuple[int, Factors]]:
    """Every way to write the product, summed indices being permuted; indices are 0, 1, ... and outs come first."""
    count = 1 + max([i for _, slots in factors for i in slots] + list(outs), default=-1)
    fixed = len(set(outs))
    ways = set()
    for images in permutations(range(fixed, count)):
        name = [*range(fixed), *images]
        ways.add(oriented(tuple((atom, tuple(name[i] for i in slots)) for atom, slots in factors)))
    return ways


def random_product(rng: random.Random) -> tuple[Factors, tuple[int, ...]]:
    """A product without gaps among its indices, the outs being the first of them."""
    outs = rng.choice([(), (0,), (0, 1), (0, 0)])
    count = rng.randint(max(1, len(set(outs))), 5)
    atoms = [rng.randrange(len(SLOTS)) for _ in range(rng.randint(1, 5))]
    factors = tuple((atom, tuple(rng.randrange(count) for _ in range(SLOTS[atom]))) for atom in atoms)
    used = sorted({i for _, slots in factors for i in slots} - set(outs))
    name = {i: i for i in outs} | {i: len(set(outs)) + k for k, i in enumerate(used)}
    return tuple((atom, tuple(name[i] for i in slots)) for atom, slots in factors), outs


def test_canonical_form_decides_equality_of_products() -> None:
    rng = random.Random(3)
    forms: dict[tuple[object, object], set[tuple[int, Factors]]] = {}
    zeros = 0
    for _ in range(1500):
        factors, outs = random_product(rng)
        ways = all_namings(factors, outs)
        sign, form, new_outs = canonical(factors, outs, SYMMETRY, spend)
        vanishes = any(s == 0 or (-s, f) in ways for s, f in ways)
        assert (sign == 0) == vanishes
        if vanishes:
            zeros += 1
            continue
        assert new_outs == outs
        assert (sign, form) in ways  # the form is one of the namings, with the right sign
        expected = {(sign * s, f) for s, f in ways}
        assert forms.setdefault((form, outs), expected) == expected  # and one form for all of them
    by_least = {min(f for _, f in ways): key for key, ways in forms.items()}
    assert len({(least, key[1]) for least, key in by_least.items()}) == len(by_least)
    assert zeros > 50 and len(forms) > 300


def test_canonical_form_does_not_depend_on_names_and_order() -> None:
    rng = random.Random(4)
    for _ in range(600):
        factors, outs = random_product(rng)
        names = rng.sample(range(-50, 1000), 12)
        shuffled = [(atom, tuple(names[i] for i in slots)) for atom, slots in factors]
        rng.shuffle(shuffled)
        renamed = canonical(tuple(shuffled), tuple(names[i] for i in outs), SYMMETRY, spend)
        first = canonical(factors, outs, SYMMETRY, spend)
        assert renamed == first or renamed[0] == first[0] == 0


def test_every_branch_is_counted() -> None:
    def refuse() -> None:
        raise LimitError("enough")

    canonical(((0, (0, 2)), (0, (2, 1))), (0, 1), SYMMETRY, refuse)  # a chain between outs needs none
    with pytest.raises(LimitError):
        canonical(((0, (0, 1)), (0, (1, 0))), (), SYMMETRY, refuse)


def matrix(algebra: Algebra, name: str = "A", kind: str = "matrix") -> Tensor:
    return algebra.lone(algebra.atom(("sym", name, kind, ("n",), False)))


def test_gluing_one_label_twice() -> None:
    algebra = Algebra()
    A = matrix(algebra)
    ((c, ((_, slots),), outs),) = algebra.contract([(A, ["k", "k"])], ["k", "k"]).terms
    assert c == 1 and set(slots) == set(outs) and len(set(slots)) == 1
    ((_, ((_, slots),), outs),) = algebra.contract([(A, ["k", "k"])], []).terms
    assert outs == () and slots[0] == slots[1]


def test_gluing_identities() -> None:
    algebra = Algebra()
    A, delta = matrix(algebra), Tensor(("n", "n"), ((1, (), (4, 4)),))
    chained = algebra.contract([(delta, "ab"), (A, "bc"), (delta, "cd")], "ad")
    assert algebra.collect(chained) == algebra.collect(A)
    ((c, ((trace, ()),), ()),) = algebra.contract([(delta, "ab"), (delta, "ba")], "").terms
    assert c == 1 and algebra.heads[trace] == ("dim", "n")
    three = Tensor((3, 3), ((1, (), (0, 0)),))
    assert algebra.contract([(three, "ab"), (three, "ba")], "").terms == ((3, (), ()),)
    (row, column) = algebra.contract([(delta, "ab")], "ba").terms[0][2]
    assert row == column


def test_gluing_refuses_different_ranges() -> None:
    algebra = Algebra()
    with pytest.raises(CertificateError, match="ranges over"):
        algebra.contract([(matrix(algebra), "ab"), (Tensor(("m",), ((1, (), (0,)),)), "b")], "a")
    with pytest.raises(CertificateError, match="outs"):
        algebra.contract([(matrix(algebra), "a")], "a")


def test_symmetric_arguments_give_symmetric_atoms() -> None:
    algebra = Algebra()
    A, S = matrix(algebra), matrix(algebra, "S", "symmetric")
    square = algebra.contract([(A, "ka"), (A, "kb")], "ab")
    for argument, symmetry in ((A, 0), (S, 1), (square, 1)):
        assert algebra.symmetry[algebra.atom(("exp",), argument)] == symmetry
        assert algebra.symmetry[algebra.atom(("inv",), argument)] == symmetry
    assert algebra.atom(("exp",), square) == algebra.atom(("exp",), algebra.contract([(A, "kb"), (A, "ka")], "ab"))
