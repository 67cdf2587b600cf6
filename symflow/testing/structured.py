"""Hypothesis strategies for vectors and structured matrices, in exact rationals or float64.

Each structure is built from free parameters that Hypothesis can shrink, so that a failing example is the identity, a
single reflection or a matrix of zeros and ones where such a one fails too. Nothing is drawn and thrown away.
"""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from symflow.errors import ShapeError
from symflow.testing.entries import Array, array_of, diagonal_of, rationals, require_sizes, rounded

BOUND = 4  # of the entries of free matrices
CONDITION = 16


@st.composite
def _free(draw: st.DrawFn, shape: tuple[int, ...], bound: int, exact: bool) -> Array:
    count = 1
    for size in shape:
        count *= size
    entries = draw(st.lists(rationals(-bound, bound), min_size=count, max_size=count))
    return rounded(array_of(entries, shape), exact)


def vectors(n: int, *, bound: int = BOUND, exact: bool = False) -> st.SearchStrategy[Array]:
    """Vectors of shape (n,) with entries in [-bound, bound]."""
    require_sizes(n=n)
    return _free((n,), bound, exact)


def matrices(n: int, m: int | None = None, *, bound: int = BOUND, exact: bool = False) -> st.SearchStrategy[Array]:
    """Matrices of shape (n, m), square where m is not given, with entries in [-bound, bound]."""
    columns = n if m is None else m
    require_sizes(n=n, m=columns)
    return _free((n, columns), bound, exact)


def symmetric_matrices(n: int, *, bound: int = BOUND, exact: bool = False) -> st.SearchStrategy[Array]:
    """S = Sᵀ, shape (n, n)."""
    require_sizes(n=n)
    return _from_pairs(n, bound, 1, exact)


def antisymmetric_matrices(n: int, *, bound: int = BOUND, exact: bool = False) -> st.SearchStrategy[Array]:
    """A = -Aᵀ, shape (n, n)."""
    require_sizes(n=n)
    return _from_pairs(n, bound, -1, exact)


@st.composite
def _from_pairs(draw: st.DrawFn, n: int, bound: int, sign: int, exact: bool) -> Array:
    matrix = diagonal_of([0] * n)
    for i in range(n):
        for j in range(i if sign > 0 else i + 1, n):
            entry = draw(rationals(-bound, bound))
            matrix[i, j], matrix[j, i] = entry, sign * entry
            if i == j:
                matrix[i, i] = entry
    return rounded(matrix, exact)


def diagonal_matrices(
    n: int, *, positive: bool = False, bound: int = BOUND, exact: bool = False
) -> st.SearchStrategy[Array]:
    """Diagonal matrices, shape (n, n); with ``positive``, entries in [1/bound, bound]."""
    require_sizes(n=n)
    entries = rationals(Fraction(1, bound) if positive else -bound, bound)
    return st.lists(entries, min_size=n, max_size=n).map(lambda found: rounded(diagonal_of(found), exact))


def masks(n: int, *, exact: bool = False) -> st.SearchStrategy[Array]:
    """Diagonal matrices with entries 0 or 1, shape (n, n): activation patterns of every rank."""
    require_sizes(n=n)
    return st.lists(st.booleans(), min_size=n, max_size=n).map(lambda found: rounded(diagonal_of(found), exact))


def orthogonal_matrices(n: int, *, exact: bool = False) -> st.SearchStrategy[Array]:
    """R with R Rᵀ = 1, shape (n, n), of either determinant.

    A product of at most n reflections 1 − 2 v vᵀ/|v|², which is every orthogonal matrix there is (Cartan, Dieudonné,
    also over the rationals); the v drawn have integer entries in [-3, 3].
    """
    require_sizes(n=n)
    return _orthogonal(n).map(lambda R: rounded(R, exact))


@st.composite
def _orthogonal(draw: st.DrawFn, n: int) -> Array:
    R = diagonal_of([1] * n)
    for v in draw(st.lists(_integer_vectors(n), max_size=n)):
        square = v @ v
        if square:
            R = R - _outer(v, v @ R) * Fraction(2) / square
    return R


def _integer_vectors(n: int) -> st.SearchStrategy[Array]:
    return st.lists(st.integers(-3, 3), min_size=n, max_size=n).map(lambda entries: array_of(entries, (n,)))


def _outer(u: Array, v: Array) -> Array:
    return u[:, None] * v[None, :]


def projectors(n: int, *, exact: bool = False) -> st.SearchStrategy[Array]:
    """P = Pᵀ = P², shape (n, n), of every rank: onto the span of up to n drawn vectors."""
    require_sizes(n=n)
    return _projector(n).map(lambda P: rounded(P, exact))


@st.composite
def _projector(draw: st.DrawFn, n: int) -> Array:
    P = diagonal_of([0] * n)
    for v in draw(st.lists(_integer_vectors(n), max_size=n)):
        rest = v - P @ v
        square = rest @ rest
        if square:  # exact, so that dependent vectors are told apart
            P = P + _outer(rest, rest) / square
    return P


def idempotents(n: int, *, exact: bool = False) -> st.SearchStrategy[Array]:
    """X = X², shape (n, n), of every rank: S D S⁻¹ with D a mask and S a product of unit triangular matrices."""
    require_sizes(n=n)
    return _idempotent(n).map(lambda X: rounded(X, exact))


@st.composite
def _idempotent(draw: st.DrawFn, n: int) -> Array:
    X = draw(masks(n, exact=True))
    # One elementary matrix after the other: S⁻¹ needs no elimination.
    places = [(i, j) for i in range(n) for j in range(n) if i < j] + [(i, j) for i in range(n) for j in range(i)]
    for i, j in places:
        factor = draw(st.integers(-2, 2))
        X[i] = X[i] + factor * X[j]
        X[:, j] = X[:, j] - factor * X[:, i]
    return X


def invertible_matrices(n: int, *, condition: int = CONDITION, exact: bool = False) -> st.SearchStrategy[Array]:
    """U s V with orthogonal U, V: invertible, shape (n, n), condition number (2-norm) at most ``condition``.

    Singular values lie in [1/condition, condition]. Raises ShapeError (a ValueError) for a condition below 1.
    """
    _require_condition(n, condition)
    return st.builds(
        lambda U, s, V: rounded(U @ diagonal_of(s) @ V, exact), _orthogonal(n), _spectrum(n, condition), _orthogonal(n)
    )


def positive_definite_matrices(n: int, *, condition: int = CONDITION, exact: bool = False) -> st.SearchStrategy[Array]:
    """R s Rᵀ with R orthogonal and s > 0: shape (n, n), condition number at most ``condition``."""
    _require_condition(n, condition)
    return st.builds(lambda R, s: rounded(R @ diagonal_of(s) @ R.T, exact), _orthogonal(n), _spectrum(n, condition))


def _require_condition(n: int, condition: int) -> None:
    require_sizes(n=n)
    if condition < 1:
        raise ShapeError(f"a condition number is at least 1; got {condition}")


@st.composite
def _spectrum(draw: st.DrawFn, n: int, condition: int) -> list[Fraction]:
    scale = Fraction(1, draw(st.integers(1, condition)))
    return [value * scale for value in draw(st.lists(rationals(1, condition), min_size=n, max_size=n))]
