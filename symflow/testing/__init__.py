"""For the tests of other people: Hypothesis strategies, assertions about gradients and flows, a pytest plugin.

Strategies draw what the symbol kinds promise (orthogonal matrices, masks, projectors, ...), exactly or in floats, and
networks with data inside a chamber. ``assert_gradient`` and ``assert_flow_invariant`` check functions of the user's own
against differences. Names are loaded when first used: pytest imports this package at every start for its plugin.

>>> import numpy as np
>>> assert_gradient(lambda x: x @ x / 2, lambda x: x, np.array([1.0, -2.0]))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symflow.testing.assertions import assert_flow_invariant as assert_flow_invariant
    from symflow.testing.assertions import assert_gradient as assert_gradient
    from symflow.testing.clusters import labelled_clusters as labelled_clusters
    from symflow.testing.drawn_networks import inside_chamber as inside_chamber
    from symflow.testing.drawn_networks import networks as networks
    from symflow.testing.drawn_networks import polar_networks as polar_networks
    from symflow.testing.entries import numbers as numbers
    from symflow.testing.entries import positive_numbers as positive_numbers
    from symflow.testing.structured import antisymmetric_matrices as antisymmetric_matrices
    from symflow.testing.structured import diagonal_matrices as diagonal_matrices
    from symflow.testing.structured import idempotents as idempotents
    from symflow.testing.structured import invertible_matrices as invertible_matrices
    from symflow.testing.structured import masks as masks
    from symflow.testing.structured import matrices as matrices
    from symflow.testing.structured import orthogonal_matrices as orthogonal_matrices
    from symflow.testing.structured import positive_definite_matrices as positive_definite_matrices
    from symflow.testing.structured import projectors as projectors
    from symflow.testing.structured import symmetric_matrices as symmetric_matrices
    from symflow.testing.structured import vectors as vectors
    from symflow.testing.symbol_values import functions as functions
    from symflow.testing.symbol_values import instance as instance
    from symflow.testing.trees import equations as equations
    from symflow.testing.trees import expressions as expressions

_HOMES = {
    "assertions": ("assert_flow_invariant", "assert_gradient"),
    "clusters": ("labelled_clusters",),
    "drawn_networks": ("inside_chamber", "networks", "polar_networks"),
    "entries": ("numbers", "positive_numbers"),
    "structured": (
        "antisymmetric_matrices", "diagonal_matrices", "idempotents", "invertible_matrices", "masks", "matrices",
        "orthogonal_matrices", "positive_definite_matrices", "projectors", "symmetric_matrices", "vectors",
    ),
    "symbol_values": ("functions", "instance"),
    "trees": ("equations", "expressions"),
}  # fmt: skip
_WHERE = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_WHERE)  # noqa: PLE0605  # computed


def __getattr__(name: str) -> Any:
    home = _WHERE.get(name)
    if home is None:
        raise AttributeError(f"module 'symflow.testing' has no attribute {name!r}")
    value = getattr(import_module(f"symflow.testing.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
