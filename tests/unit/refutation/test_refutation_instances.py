"""Random instances have their kind's defining property exactly, and cover its components."""

from __future__ import annotations

from random import Random

import pytest
from flint import fmpq, fmpq_mat

from symflow.errors import UnsupportedError
from symflow.expr.kinds import KINDS
from symflow.refutation.instances import INSTANCES, belongs, identity, instance
from symflow.refutation.palettes import DYADIC, GENERIC, POSITIVE, SIGNS, SMALL, SPARSE, TINY, UNITS, Palette

PALETTES = (GENERIC, SMALL, SPARSE, POSITIVE, DYADIC, TINY, UNITS, SIGNS)


def test_every_kind_has_instances() -> None:
    assert set(INSTANCES) == set(KINDS) - {"function"}
    with pytest.raises(UnsupportedError):
        instance("function", 1, 1, Random(0), SMALL)


def _defining(kind: str, m: fmpq_mat) -> bool:
    """The property in the words of the claims format, apart from the code under test."""
    n = m.nrows()
    if n != m.ncols():
        return not KINDS[kind].square
    entries = m.tolist()
    symmetric = all(entries[i][j] == entries[j][i] for i in range(n) for j in range(n))
    diagonal = all(not entries[i][j] for i in range(n) for j in range(n) if i != j)
    square = m * m
    checks = {
        "symmetric": symmetric,
        "antisymmetric": m.transpose() == m * fmpq(-1),
        "diagonal": diagonal,
        "positive_diagonal": diagonal and all(entries[i][i] > 0 for i in range(n)),
        "invertible": m.rank() == n,
        "positive_definite": symmetric and _elimination_pivots_positive(m),
        "orthogonal": m.transpose() * m == identity(n) and m * m.transpose() == identity(n),
        "mask": diagonal and all(entries[i][i] in (0, 1) for i in range(n)),
        "projector": symmetric and square == m,
        "idempotent": square == m,
        "positive_scalar": m[0, 0] > 0,
    }
    return bool(checks.get(kind, True))


def _elimination_pivots_positive(m: fmpq_mat) -> bool:
    n = m.nrows()
    a = [[m[i, j] for j in range(n)] for i in range(n)]
    for k in range(n):
        if a[k][k] <= 0:
            return False
        for i in range(k + 1, n):
            factor = a[i][k] / a[k][k]
            a[i] = [x - factor * y for x, y in zip(a[i], a[k], strict=True)]
    return True


@pytest.mark.parametrize("palette", PALETTES, ids=lambda p: p.name)
@pytest.mark.parametrize("kind", sorted(INSTANCES))
def test_instances_have_the_defining_property(kind: str, palette: Palette) -> None:
    rng = Random(11)
    for n in (1, 2, 3, 4):
        for _ in range(4):
            rows, cols = (1, 1) if "scalar" in kind else (n, 1 if kind == "vector" else n)
            m = instance(kind, rows, cols, rng, palette)
            assert (m.nrows(), m.ncols()) == (rows, cols)
            assert _defining(kind, m), m
            assert belongs(kind, m)


@pytest.mark.parametrize("kind", sorted(k for k in INSTANCES if KINDS[k].square))
def test_belongs_agrees_with_the_definition(kind: str) -> None:
    rng = Random(3)
    for other in INSTANCES:
        if KINDS[other].square:
            for _ in range(6):
                m = instance(other, 3, 3, rng, SIGNS)
                assert belongs(kind, m) == _defining(kind, m)


@pytest.mark.parametrize("palette", [GENERIC, SMALL], ids=lambda p: p.name)
def test_every_component_occurs(palette: Palette) -> None:
    rng = Random(2)
    for kind in ("projector", "idempotent", "mask"):
        assert {instance(kind, 3, 3, rng, palette).rank() for _ in range(60)} == {0, 1, 2, 3}
    rotations = [instance("orthogonal", 3, 3, rng, palette) for _ in range(60)]
    assert {int(R.det().p) for R in rotations} == {1, -1}
    assert any(not (R + identity(3)).det() for R in rotations)  # eigenvalue -1: Cayley transforms miss it
    assert any(not (R - identity(3)).det() for R in rotations)
    assert any(
        instance("idempotent", 3, 3, rng, palette) != m.transpose()
        for m in [instance("idempotent", 3, 3, rng, palette)]
    )


def test_small_rotations_are_permutations_and_more() -> None:
    rng = Random(6)
    found = [instance("orthogonal", 3, 3, rng, SMALL) for _ in range(60)]
    assert any(all(x in (0, 1, -1) for x in R.entries()) and not R[0, 0] for R in found)
    assert any(x.q != 1 for R in found for x in R.entries())
    # two reflections alone leave a plane of R^4 fixed
    assert any((instance("orthogonal", 4, 4, rng, SMALL) - identity(4)).rank() == 4 for _ in range(60))


def test_small_idempotents_stay_small_and_oblique() -> None:
    rng = Random(4)
    found = [instance("idempotent", 4, 4, rng, SMALL) for _ in range(40)]
    assert any(m != m.transpose() for m in found)
    assert all(abs(x) <= 50 and x.q == 1 for m in found for x in m.entries())


def test_free_entries_include_zeros_negatives_and_ones() -> None:
    rng = Random(0)
    entries = [x for _ in range(40) for x in instance("matrix", 2, 2, rng, SPARSE).entries()]
    assert {0, 1, -1} <= {int(x.p) for x in entries if x.q == 1}
    assert any(x.q != 1 for x in entries)
