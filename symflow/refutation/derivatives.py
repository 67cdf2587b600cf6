"""What a derivative node moves, in which directions, and how the answers make up one matrix.

Let an admissible space have an orthogonal basis B_k for <A, B> = sum of the entrywise products. The gradient of f on
it is G = sum_k (df(B_k) / <B_k, B_k>) B_k, the only element of the space with df(E) = <G, E> for every E in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flint import fmpq, fmpq_mat

from symflow.expr.kinds import KINDS
from symflow.expr.tree import Symbol
from symflow.refutation.jets import Jet, Parts, direction_of, monomial, multiply
from symflow.refutation.numbers import Matrix, NumberSystem


@dataclass(frozen=True, slots=True)
class Basis:
    """An orthogonal basis of a space of matrices, with the squared norms of its members."""

    members: tuple[fmpq_mat, ...]
    squares: tuple[int, ...]


_BASES: dict[tuple[str, int, int], Basis] = {}


def basis(linear: str, rows: int, cols: int) -> Basis:
    """An orthogonal basis of all, the symmetric, the antisymmetric or the diagonal matrices of a size.

    >>> len(basis("symmetric", 3, 3).members), basis("antisymmetric", 2, 2).members
    (6, ([ 0, 1]
    [-1, 0],))
    """
    key = (linear, rows, cols)
    if key not in _BASES:
        pairs = list(_members(linear, rows, cols))
        _BASES[key] = Basis(tuple(m for m, _ in pairs), tuple(s for _, s in pairs))
    return _BASES[key]


def _members(linear: str, rows: int, cols: int) -> Iterator[tuple[fmpq_mat, int]]:
    def unit(i: int, j: int, mirrored: int) -> fmpq_mat:
        matrix = fmpq_mat(rows, cols)
        matrix[i, j] = 1
        if mirrored:
            matrix[j, i] = mirrored
        return matrix

    if linear == "all":
        yield from ((unit(i, j, 0), 1) for i in range(rows) for j in range(cols))
        return
    if linear in ("symmetric", "diagonal"):
        yield from ((unit(i, i, 0), 1) for i in range(rows))
    if linear in ("symmetric", "antisymmetric"):
        sign = 1 if linear == "symmetric" else -1
        yield from ((unit(i, j, sign), 2) for i in range(rows) for j in range(i + 1, rows))


def space(symbol: Symbol) -> str:
    """The linear space over which directions of a symbol range."""
    return KINDS[symbol.kind].linear


def move(value: Jet, level: int, directions: list[Jet]) -> Jet:
    """value + sum_k e(level, k) direction_k."""
    parts = dict(value.parts)
    for k, direction in enumerate(directions):
        e = monomial(level, k)
        for key, part in direction.parts.items():
            parts[key + e] = part
    return Jet(value.rows, value.cols, parts)


def constant_directions(members: tuple[fmpq_mat, ...], numbers: NumberSystem) -> list[Jet]:
    """Basis members as directions that carry no infinitesimals themselves."""
    return [Jet(m.nrows(), m.ncols(), {0: numbers.convert(m)}) for m in members]


def rotations(members: tuple[fmpq_mat, ...], R: Jet, numbers: NumberSystem) -> list[Jet]:
    """The tangents A R of exp(tA) R, for every A of an antisymmetric basis."""
    return [multiply(A, R) for A in constant_directions(members, numbers)]


def coefficients(value: Jet, level: int, count: int) -> list[Parts]:
    """The derivative in each direction of a level: what stands beside e(level, k)."""
    found: list[Parts] = [{} for _ in range(count)]
    for key, part in value.parts.items():
        if key & (1 << level):
            k = direction_of(key, level)
            found[k][key - monomial(level, k)] = part
    return found


def directional(value: Jet, level: int, numbers: NumberSystem) -> Jet:
    """The derivative in the one direction of a level, of the shape of the value."""
    (parts,) = coefficients(value, level, 1)
    return Jet(value.rows, value.cols, _with_value(parts, value.rows, value.cols, numbers))


def gradient(value: Jet, level: int, on: Basis, rows: int, cols: int, numbers: NumberSystem) -> Jet:
    """G = sum_k (df(B_k) / <B_k, B_k>) B_k for a scalar f differentiated in the members of a basis."""
    parts: Parts = {}
    for k, found in enumerate(coefficients(value, level, len(on.members))):
        if not found:
            continue
        member = numbers.convert(on.members[k])
        weight = numbers.number(fmpq(1, on.squares[k]))
        for key, scalar in found.items():
            term = member * (scalar[0, 0] * weight)
            parts[key] = parts[key] + term if key in parts else term
    return Jet(rows, cols, _with_value(parts, rows, cols, numbers))


def jacobian(value: Jet, level: int, cols: int, numbers: NumberSystem) -> Jet:
    """The matrix whose column b is the derivative of a vector in direction b."""
    columns = coefficients(value, level, cols)
    keys = {key for found in columns for key in found} | {0}
    zero = numbers.number(fmpq(0))
    parts: dict[int, Matrix] = {}
    for key in keys:
        entries = [
            found[key][a, 0] if key in found else zero for a in range(value.rows) for found in columns
        ]  # row by row
        parts[key] = numbers.matrix(value.rows, cols, entries)
    return Jet(value.rows, cols, parts)


def _with_value(parts: Parts, rows: int, cols: int, numbers: NumberSystem) -> Parts:
    if 0 not in parts:
        parts[0] = numbers.convert(fmpq_mat(rows, cols))
    return parts
