"""Random values of symbols that keep the promises of their kinds, as arrays of floats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symflow.expr.tree import Symbol

FUNCTIONS = {"f": (np.sin, np.cos, lambda v: -np.sin(v)), "g": (np.arctan, lambda v: 1 / (1 + v**2), np.tanh)}


def random_value(symbol: Symbol, sizes: Mapping[Any, int], points: int, rng: np.random.Generator) -> Any:
    """A random value as a two-dimensional array, families along a first axis; for a function (f, f', f'')."""
    rows, cols = (sizes.get(d, d) for d in symbol.shape)
    if symbol.family:
        one = Symbol(symbol.name, symbol.kind, symbol.dims)
        return np.array([random_value(one, sizes, points, rng) for _ in range(points)])
    a = rng.normal(size=(rows, cols))
    match symbol.kind:
        case "function":
            return FUNCTIONS[symbol.name]
        case "symmetric":
            return a + a.T
        case "antisymmetric":
            return a - a.T
        case "diagonal" | "positive_diagonal":
            return np.diag(np.exp(rng.normal(size=rows)))
        case "mask":
            return np.diag(rng.integers(0, 2, size=rows).astype(float))
        case "positive_definite":
            return a @ a.T + np.eye(rows)
        case "orthogonal":
            return np.linalg.qr(a)[0]
        case "projector" | "idempotent":
            return np.outer(a[0], a[0]) / (a[0] @ a[0])
        case "positive_scalar":
            return np.exp(a)
    return a
