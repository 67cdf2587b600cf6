"""What the symbols of a statement are in a network: states, patterns, weights, residuals, for every data point.

The states are those of the pulled-back coordinates, z_l = W^-1 f(W (z_{l-1} + beta)) - beta, and the linear parts
P_l = W^-1 diag(f'(a)) W (theory A3, B11); for ReLU they come from the network package. The oracle knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mpmath
import numpy as np

from symflow.confirm.concrete_functions import ACTIVATIONS, SLOPE, ConcreteFunction, concrete
from symflow.confirm.formula_values import Arithmetic
from symflow.errors import ShapeError, UnsupportedError
from symflow.network import (
    LabelledData,
    PolarParameters,
    projectors,
    pulled_back_targets,
    to_layers,
    to_pulled_back,
    trajectory,
)
from symflow.network.arrays import Array, inverse

OUTPUT = ("output weight", "output bias")
LATER = ("suffixes", "output suffixes", "residuals")  # carry all layers after their own, whatever their number


@dataclass(frozen=True)
class Situation:
    """A network with data, in one arithmetic; what a symbol can be bound to are its properties and methods."""

    network: PolarParameters
    data: LabelledData
    activation: str
    arithmetic: Arithmetic

    def number(self, array: Array) -> Array:
        """The entries as numbers of the arithmetic."""
        if self.arithmetic != "digits":
            return array
        flat = [mpmath.mpmathify(entry) for entry in np.asarray(array, dtype=object).flat]
        return np.array(flat, dtype=object).reshape(np.shape(array))

    @cached_property
    def _path(self) -> tuple[list[Array], list[Array], list[Array]]:
        """States z_0..z_L, patterns f'(a) of each layer, and linear parts P of each layer."""
        if self.activation == "relu" and self.arithmetic != "digits":
            path = trajectory(self.network, self.data.points)
            parts = projectors(self.network, path.patterns)
            return list(path.states), [pattern.astype(int) for pattern in path.patterns], list(parts)
        function: ConcreteFunction = concrete(self.activation, ACTIVATIONS)[1]
        pulled = to_pulled_back(self.network)
        states, patterns, parts_found = [self.number(self.data.points)], [], []
        for exact_weight, exact_beta in zip(pulled.weights[:-1], pulled.biases[:-1], strict=True):
            back = self.number(inverse(exact_weight, "a cumulative weight"))
            weight, beta = self.number(exact_weight), self.number(exact_beta)
            before = (states[-1] + beta) @ weight.T
            slopes = function.on(before, 1, self.arithmetic)
            states.append(function.on(before, 0, self.arithmetic) @ back.T - beta)
            patterns.append(slopes)
            parts_found.append(np.array([back @ (slope[:, np.newaxis] * weight) for slope in slopes]))
        return states, patterns, parts_found

    def suffixes(self, layer: int) -> Array:
        """P_L ... P_{l+1} for each data point; the identity after the last layer."""
        Q, products = self.network.dimension, []
        for point in range(self.data.size):
            product = self.number(np.eye(Q, dtype=int).astype(self.data.points.dtype))
            for part in self._path[2][layer:]:
                product = part[point] @ product
            products.append(product)
        return np.array(products)

    def remainders(self, layer: int) -> Array:
        """z_L - P_L ... P_{l+1} z_l for each data point."""
        states = self._path[0]
        through = [K @ z for K, z in zip(self.suffixes(layer), states[layer], strict=True)]
        return np.asarray(states[-1] - np.array(through))

    def residuals(self, layer: int) -> Array:
        """p_l = (P_L ... P_{l+1})^T (z_L - ytilde) for each data point."""
        top = self._path[0][-1] - self.targets
        return np.array([K.T @ p for K, p in zip(self.suffixes(min(layer, self.network.depth)), top, strict=True)])

    @property
    def targets(self) -> Array:
        """The targets pulled back by the output layer."""
        return self.number(pulled_back_targets(self.network, self.data.targets))

    @property
    def output(self) -> tuple[Array, Array]:
        """W^(L+1) and beta_{L+1}."""
        pulled = to_pulled_back(self.network)
        return self.number(pulled.weights[-1]), self.number(pulled.biases[-1])

    def patterns(self, layer: int) -> Array:
        """f'(a) of a layer for each data point; 1 at the output layer, which has no activation."""
        if layer == self.network.depth + 1:
            return np.ones((self.data.size, self.network.dimension), dtype=int)
        return self._path[1][layer - 1]


_PER_POINT: dict[str, Callable[[Situation, int], Array]] = {
    "points": lambda at, _: at.number(at.data.points),
    "targets": lambda at, _: at.targets,
    "labels": lambda at, _: at.number(at.data.targets),
    "ones": lambda at, _: at.number(np.ones(at.data.points.shape, dtype=int).astype(at.data.points.dtype)),
    "last states": lambda at, _: at._path[0][-1],  # noqa: SLF001  # the table belongs to the class
    "states": lambda at, layer: at._path[0][layer],  # noqa: SLF001
    "patterns": lambda at, layer: at.patterns(layer),
    "patterns above": lambda at, layer: (at.patterns(layer) == 1).astype(int),
    "projectors": lambda at, layer: at._path[2][layer - 1],  # noqa: SLF001
    "suffixes": lambda at, layer: at.suffixes(layer),
    "remainders": lambda at, layer: at.remainders(layer),
    "residuals": lambda at, layer: at.residuals(layer),
    "output suffixes": lambda at, layer: np.array([at.output[0] @ K for K in at.suffixes(layer)]),
    "output remainders": lambda at, layer: (at.remainders(layer) + at.output[1]) @ at.output[0].T,
}
_COMMON: dict[str, Callable[[Situation, int], Array]] = {
    "weights": lambda at, layer: at.number(to_pulled_back(at.network).weights[layer - 1]),
    "layer weights": lambda at, layer: at.number(to_layers(at.network).weights[layer - 1]),
    "biases": lambda at, layer: at.number(at.network.biases[layer - 1]),
    "rotations": lambda at, layer: at.number(at.network.rotations[layer - 1]),
    "stretches": lambda at, layer: at.number(at.network.stretches[layer - 1]),
    "output weight": lambda at, _: at.output[0],
    "output bias": lambda at, _: at.output[1],
    "slope": lambda at, _: np.array(SLOPE if at.data.exact else float(SLOPE)),
}


def bind(symbols: Mapping[str, Any], at: Situation) -> tuple[dict[str, Array], frozenset[str]]:
    """The arrays that the symbols stand for, and the names of those with one for each data point.

    Function symbols are left out. Raises UnsupportedError for what is no part of a network, ShapeError for a layer
    that the network has not.
    """
    found: dict[str, Array] = {}
    per_point = set()
    for name, what in symbols.items():
        group, layer = (what, 0) if isinstance(what, str) else what
        if group in ("activation", "loss"):
            continue
        meaning = _PER_POINT.get(group) or _COMMON.get(group)
        if meaning is None:
            raise UnsupportedError(f"confirm: {name} is bound to {what!r}, which is no part of a network")
        try:
            found[name] = meaning(at, layer)
        except IndexError:
            depth = at.network.depth
            raise ShapeError(f"confirm: {name} is bound to {what!r} in a network of {depth} hidden layers") from None
        if group in _PER_POINT:
            per_point.add(name)
    return found, frozenset(per_point)
