"""Random exact instances of every symbol kind, and the test that a matrix is one.

Each kind is drawn from all of its components, not from the convenient one: orthogonal matrices with determinant -1
and eigenvalue -1 (which a Cayley transform alone misses), masks, projectors and idempotents of every rank.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from flint import fmpq, fmpq_mat

from symflow.errors import UnsupportedError
from symflow.refutation.palettes import Palette

ATTEMPTS = 40  # draws of a matrix that must be invertible before the palette is given up

Draw = Callable[[int, int, Random, Palette], fmpq_mat]


def instance(kind: str, rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """A random exact matrix of a kind; scalars are 1 x 1 and vectors n x 1.

    >>> from symflow.refutation.palettes import SMALL
    >>> R = instance("orthogonal", 3, 3, Random(1), SMALL)
    >>> R * R.transpose() == identity(3)
    True

    Raises UnsupportedError for a kind that has no instances of its own (functions are polynomials).
    """
    try:
        draw = INSTANCES[kind]
    except KeyError:
        raise UnsupportedError(f"no random instances are known for the kind {kind!r}") from None
    return draw(rows, cols, rng, palette)


def identity(n: int) -> fmpq_mat:
    """The identity matrix."""
    return diagonal_of([fmpq(1)] * n)


def diagonal_of(entries: list[fmpq]) -> fmpq_mat:
    """The diagonal matrix of some entries."""
    matrix = fmpq_mat(len(entries), len(entries))
    for i, x in enumerate(entries):
        matrix[i, i] = x
    return matrix


def free(rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """Every entry on its own."""
    return fmpq_mat(rows, cols, [palette.number(rng) for _ in range(rows * cols)])


def positive_scalar(rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """A positive number."""
    return fmpq_mat(1, 1, [palette.positive(rng)])


def _from_pairs(n: int, rng: Random, palette: Palette, sign: int) -> fmpq_mat:
    matrix = fmpq_mat(n, n)
    for i in range(n):
        if sign > 0:
            matrix[i, i] = palette.number(rng)
        for j in range(i + 1, n):
            x = palette.number(rng)
            matrix[i, j], matrix[j, i] = x, sign * x
    return matrix


def symmetric(rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """Free on and above the diagonal."""
    return _from_pairs(rows, rng, palette, 1)


def antisymmetric(rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """Free above the diagonal."""
    return _from_pairs(rows, rng, palette, -1)


def diagonal(rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """Free diagonal entries."""
    return diagonal_of([palette.number(rng) for _ in range(rows)])


def positive_diagonal(rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """Positive diagonal entries."""
    return diagonal_of([palette.positive(rng) for _ in range(rows)])


def invertible(rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """A free matrix with nonzero determinant."""
    for _ in range(ATTEMPTS):
        matrix = free(rows, cols, rng, palette)
        if matrix.det():
            return matrix
    # a palette of zeros and ones rarely misses; a triangular matrix never does
    matrix = free(rows, cols, rng, palette)
    return fmpq_mat(
        rows,
        rows,
        [palette.positive(rng) if i == j else matrix[i, j] * (i < j) for i in range(rows) for j in range(rows)],
    )


def positive_definite(rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """A A^T with A invertible: all of them up to limits, since A may be a Cholesky factor."""
    factor = invertible(rows, cols, rng, palette)
    return factor * factor.transpose()


def signed_permutation(n: int, rng: Random) -> fmpq_mat:
    """A permutation matrix with random signs."""
    matrix = fmpq_mat(n, n)
    for i, j in enumerate(rng.sample(range(n), n)):
        matrix[i, j] = rng.choice((1, -1))
    return matrix


def orthogonal(rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """Generic: signs times a Cayley transform (1 - A)^-1 (1 + A). Else: a signed permutation times reflections.

    Cayley transforms lack eigenvalue -1 and have determinant 1; the signs bring back both.
    """
    n = rows
    if palette.generic:
        A = antisymmetric(n, n, rng, palette)
        signs = diagonal_of([fmpq(rng.choice((1, -1))) for _ in range(n)])
        return signs * (identity(n) - A).inv() * (identity(n) + A)  # 1 - A is invertible: A has no eigenvalue 1
    matrix = signed_permutation(n, rng)
    for _ in range(rng.randint(0, min(n, 2))):
        v = fmpq_mat(n, 1, [rng.randint(-2, 2) for _ in range(n)])
        square = (v.transpose() * v)[0, 0]
        if square:
            matrix = matrix * (identity(n) - v * v.transpose() * (fmpq(2) / square))
    return matrix


def mask(rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """Zeros and ones on the diagonal, each with chance one half."""
    return diagonal_of([fmpq(rng.randint(0, 1)) for _ in range(rows)])


def projector(rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """A (A^T A)^-1 A^T with A of a random number of columns, none and all included."""
    n, rank = rows, rng.randint(0, rows)
    if rank in (0, n):
        return identity(n) * fmpq(rank // n)
    for _ in range(ATTEMPTS):
        A = free(n, rank, rng, palette)
        gram = A.transpose() * A
        if gram.det():
            return A * gram.inv() * A.transpose()
    chosen = set(rng.sample(range(n), rank))
    return diagonal_of([fmpq(int(i in chosen)) for i in range(n)])


def idempotent(rows: int, cols: int, rng: Random, palette: Palette) -> fmpq_mat:
    """S D S^-1 with D a mask of random rank; S has small entries unless the point is generic."""
    n, rank = rows, rng.randint(0, rows)
    D = diagonal_of([fmpq(int(i < rank)) for i in range(n)])
    if palette.generic:
        S = invertible(n, n, rng, palette)
    else:
        S = fmpq_mat(n, n, [1 if i == j else rng.randint(-1, 1) * (i < j) for i in range(n) for j in range(n)])
        S = signed_permutation(n, rng) * S
        if rng.random() < 0.5:
            S = S * S.transpose()  # still of determinant 1 or -1, and no longer triangular
    return S * D * S.inv()


INSTANCES: dict[str, Draw] = {
    "scalar": free,
    "positive_scalar": positive_scalar,
    "vector": free,
    "matrix": free,
    "symmetric": symmetric,
    "antisymmetric": antisymmetric,
    "diagonal": diagonal,
    "positive_diagonal": positive_diagonal,
    "invertible": invertible,
    "positive_definite": positive_definite,
    "orthogonal": orthogonal,
    "mask": mask,
    "projector": projector,
    "idempotent": idempotent,
}


def _is_diagonal(m: fmpq_mat) -> bool:
    return m == diagonal_of([m[i, i] for i in range(m.nrows())])


def _positive_minors(m: fmpq_mat) -> bool:
    n = m.nrows()
    return all(fmpq_mat(k, k, [m[i, j] for i in range(k) for j in range(k)]).det() > 0 for k in range(1, n + 1))


_DEFINING: dict[str, Callable[[fmpq_mat], bool]] = {
    "scalar": lambda m: True,
    "vector": lambda m: True,
    "matrix": lambda m: True,
    "positive_scalar": lambda m: bool(m[0, 0] > 0),
    "symmetric": lambda m: bool(m == m.transpose()),
    "antisymmetric": lambda m: bool(m == -m.transpose()),
    "diagonal": _is_diagonal,
    "positive_diagonal": lambda m: _is_diagonal(m) and all(m[i, i] > 0 for i in range(m.nrows())),
    "invertible": lambda m: bool(m.det()),
    "positive_definite": lambda m: bool(m == m.transpose()) and _positive_minors(m),
    "orthogonal": lambda m: bool(m * m.transpose() == identity(m.nrows())),
    "mask": lambda m: _is_diagonal(m) and bool(m * m == m),
    "projector": lambda m: bool(m == m.transpose()) and bool(m * m == m),
    "idempotent": lambda m: bool(m * m == m),
}


def belongs(kind: str, matrix: fmpq_mat) -> bool:
    """Whether a matrix has the defining property of a kind, exactly.

    >>> belongs("mask", diagonal_of([fmpq(1), fmpq(0)])), belongs("mask", diagonal_of([fmpq(2)]))
    (True, False)
    """
    return _DEFINING[kind](matrix)
