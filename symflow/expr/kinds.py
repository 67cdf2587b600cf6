"""The symbol kinds of the claims format: how many dimensions each takes and what it promises.

One table, read by the tree (shapes), the kernel (relations) and the refuter (random instances), so that a
new kind is added in one place and a missing treatment shows up as a failing test.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """What a symbol kind is: its arity in dimensions and the linear space it lives in.

    ``linear`` names the linear space over which directions of differentiation range: ``"all"``,
    ``"symmetric"``, ``"antisymmetric"`` or ``"diagonal"`` (claims format, ``grad``).
    """

    name: str
    dimensions: tuple[int, ...]  # admissible numbers of dimension arguments
    meaning: str
    linear: str = "all"
    square: bool = False


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("scalar", (0,), "real number"),
        Kind("positive_scalar", (0,), "positive real number"),
        Kind("vector", (1,), "column vector"),
        Kind("matrix", (1, 2), "arbitrary real matrix"),
        Kind("symmetric", (1,), "symmetric matrix", "symmetric", True),
        Kind("antisymmetric", (1,), "antisymmetric matrix", "antisymmetric", True),
        Kind("diagonal", (1,), "diagonal matrix", "diagonal", True),
        Kind("positive_diagonal", (1,), "diagonal matrix with positive entries", "diagonal", True),
        Kind("invertible", (1,), "invertible matrix", "all", True),
        Kind("positive_definite", (1,), "symmetric positive definite matrix", "symmetric", True),
        Kind("orthogonal", (1,), "orthogonal matrix", "all", True),
        Kind("mask", (1,), "diagonal matrix with entries 0 or 1", "diagonal", True),
        Kind("projector", (1,), "symmetric idempotent matrix", "symmetric", True),
        Kind("idempotent", (1,), "idempotent matrix", "all", True),
        Kind("function", (0,), "smooth function R -> R, applied entry by entry"),
    )
}
