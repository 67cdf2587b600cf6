"""Constructions for hypotheses that are quadratic in all that they speak of: rows, columns, roots, walls.

Each takes a hypothesis by its form or its text and puts values in the place of some symbols of a drawn point, which
are fixed from then on. Whether the point satisfies the hypothesis is checked by whoever uses it; a construction that
no longer fits a reworded hypothesis costs points, never soundness.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from flint import fmpq, fmpq_mat

from symflow.expr.tree import Equation, Expr
from symflow.refutation.instances import diagonal_of, identity, orthogonal, signed_permutation
from symflow.refutation.palettes import SMALL, Palette
from symflow.refutation.points import Point

Values = dict[str, fmpq_mat]


def construct(hypotheses: tuple[Equation, ...], point: Point, rng: Random, palette: Palette) -> tuple[Point, set[str]]:
    """The point with the symbols replaced for which there is a construction, and their names."""
    fixed: set[str] = set()
    texts = {repr(hypothesis) for hypothesis in hypotheses}
    for hypothesis in hypotheses:
        name = _orthonormal(hypothesis)
        if name is not None:
            rows = hypothesis.lhs.args[0].op != "transpose"
            point = point.with_value(name, 0, _frame(point.values[name][0], rows, rng, palette))
            fixed.add(name)
    for text, build in FAMILIES.items():
        if text in texts:
            for name, matrix in build(point, rng).items():
                if name in point.values:
                    point = point.with_value(name, 0, matrix)
                    fixed.add(name)
    return point, fixed


def _orthonormal(hypothesis: Equation) -> str | None:
    """The name of X in X.T @ X == 1 or X @ X.T == 1."""
    left, right = hypothesis.lhs, hypothesis.rhs
    if left.op != "matmul" or not (right.op == "eye" or (right.op == "number" and right.data == 1)):
        return None
    a, b = left.args
    inner: Expr = b if a.op == "transpose" else a
    if inner.op == "symbol" and (a.T.same(b) or b.T.same(a)):
        return str(inner.data[0].name)
    return None


def _frame(like: fmpq_mat, rows: bool, rng: Random, palette: Palette) -> fmpq_mat:
    """Orthonormal rows or columns of the same size, cut from an orthogonal matrix."""
    m, n = like.nrows(), like.ncols()
    size = max(m, n)
    R = orthogonal(size, size, rng, palette) if rng.random() < 0.5 else signed_permutation(size, rng)
    return fmpq_mat(m, n, [R[i, j] for i in range(m) for j in range(n)])


def _rotation(n: int, rng: Random) -> fmpq_mat:
    return orthogonal(n, n, rng, SMALL)


def _spectral_gap(point: Point, rng: Random) -> Values:
    """A and N with A^2 - lambda A = N^T N: in one eigenbasis, a = lambda/(1 - t^2) or 0, n = lambda t/(1 - t^2)."""
    size = point.values["A"][0].nrows()
    rate = point.values["lambda"][0][0, 0]
    eigenvalues, roots = [], []
    for _ in range(size):
        t = SMALL.number(rng)
        a = fmpq(0) if t * t == 1 else rate / (1 - t * t)
        eigenvalues.append(a)
        roots.append(a * t)
    R = _rotation(size, rng)
    return {
        "A": R.transpose() * diagonal_of(eigenvalues) * R,
        "N": _rotation(size, rng) * diagonal_of(roots) * R,
    }


def _clusters(point: Point, rng: Random) -> Values:
    """W, U, K, N, M with W^T W - U K^-1 U^T - lambda = N^T N and K - kappa = M^T M, in two eigenbases."""
    size = point.values["W"][0].nrows()
    rate = point.values["lambda"][0][0, 0]
    kappa = point.values["kappa"][0][0, 0] if "kappa" in point.values else SMALL.positive(rng)
    R, S = _rotation(size, rng), _rotation(size, rng)
    m = [SMALL.number(rng) for _ in range(size)]
    u = [SMALL.number(rng) * rng.randint(0, 1) for _ in range(size)]
    k = [kappa + x * x for x in m]
    gap = [rate + x * x / y for x, y in zip(u, k, strict=True)]  # w^2 - n^2
    t = [SMALL.number(rng) for _ in range(size)]
    w = [(c / x + x) / 2 for c, x in zip(gap, t, strict=True)]
    n = [(c / x - x) / 2 for c, x in zip(gap, t, strict=True)]
    return {
        "W": _rotation(size, rng) * diagonal_of(w) * R,
        "N": _rotation(size, rng) * diagonal_of(n) * R,
        "U": R.transpose() * diagonal_of(u) * S,
        "K": S.transpose() * diagonal_of(k) * S,
        "M": _rotation(size, rng) * diagonal_of(m) * S,
    }


def _wall(point: Point, rng: Random) -> Values:
    """k a unit vector off the pattern G: an axis of a neuron that is not active, with a sign."""
    size = point.values["k"][0].nrows()
    k = signed_permutation(size, rng) * fmpq_mat(size, 1, [1] + [0] * (size - 1))
    off = identity(size) - diagonal_of([abs(k[i, 0]) for i in range(size)])
    return {"k": k, "G": point.values["G"][0] * off}


def _intertwined(point: Point, rng: Random) -> Values:
    """K = E1 k E1^T, with or without the projector onto the complement: then E1^T K = k E1^T."""
    E1, k = point.values["E1"][0], point.values["k"][0]
    K = E1 * k * E1.transpose()
    if rng.random() < 0.5:
        K += identity(E1.nrows()) - E1 * E1.transpose()
    return {"K": K}


def _aligned_idempotent(point: Point, rng: Random) -> Values:
    """An idempotent M with the range of the projector R: M = R + R X (1 - R)."""
    R = point.values["R"][0]
    size = R.nrows()
    X = fmpq_mat(size, size, [SMALL.number(rng) for _ in range(size * size)])
    return {"M": R + R * X * (identity(size) - R)}


FAMILIES: dict[str, Callable[[Point, Random], Values]] = {
    "A@A - lambda*A == N.T@N": _spectral_gap,
    "W.T@W - U@inv(K)@U.T - lambda*eye(Q) == N.T@N": _clusters,
    "G@k == zeros(Q, 1)": _wall,
    "E1.T@K == k@E1.T": _intertwined,
    "R@M == M": _aligned_idempotent,
}
