"""Gradient statements against the oracle: where a proved formula meets the derivative of the original network.

A claim of a derivation says in its ``confirm`` mapping which derivative of the network its left side is, and what its
symbols are there:

    confirm={"gradient": "biases", "layer": 1, "adapted": True, "depth": 1,
             "symbols": {"R": ("rotations", 1), "H": ("patterns", 1), "x": "points", "b": ("biases", 1), "y":
             "targets"}}

``gradient`` is ``biases``, ``rotations`` (the Lie gradient) or ``stretches``; ``sign`` is -1 where the claim states
minus the gradient. Two routes lead to the derivative: the oracle in cumulative coordinates, and the oracle in the
original layered parameters (W_l, b_l) carried over by theory A6. Both must equal the formula: exactly over the
rationals, to 1e-10 in floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq_mat

from symflow.confirm.datasets import load
from symflow.confirm.through_layers import through_layers
from symflow.errors import ShapeError, SymflowError, UnsupportedError
from symflow.expr.kinds import KINDS
from symflow.expr.numpy_code import compile_numpy
from symflow.expr.tree import DERIVATIVES, Equation, Symbol
from symflow.network import (
    LabelledData,
    PolarParameters,
    draw_chamber_for,
    draw_inside_chamber,
    projectors,
    pulled_back_targets,
    to_pulled_back,
    trajectory,
)  # fmt: skip
from symflow.network.arrays import Array
from symflow.oracle import exact as exact_oracle
from symflow.oracle import floating as floating_oracle
from symflow.refutation import Point, prepare
from symflow.refutation.evaluation import Evaluator
from symflow.refutation.numbers import RATIONALS, to_fmpq, to_fraction

TOLERANCE = (
    1e-10  # relative to the larger of 1 and the gradient: float64 keeps 1e-13 on these sizes, inverses cost some
)
MARGIN = 0.05
SIZES = ((2, 4), (3, 6), (4, 5))  # (Q, N) of the random networks
DATASETS = (("iris", 4, 24), ("wine", 5, 24))  # name, Q, N of the exact comparison; floats take all points


class ConfirmationError(SymflowError, AssertionError):
    """A proved formula and the derivative of the network differ."""


@dataclass(frozen=True)
class Confirmation:
    """What was compared, and how far the floats were off at worst."""

    exact: int
    floats: int
    datasets: tuple[str, ...]
    worst: float

    def __add__(self, other: Confirmation) -> Confirmation:
        """Both comparisons together."""
        names = tuple(dict.fromkeys(self.datasets + other.datasets))
        worst = max(self.worst, other.worst)
        return Confirmation(self.exact + other.exact, self.floats + other.floats, names, worst)

    def __str__(self) -> str:
        names = " and ".join(self.datasets)
        return f"oracle: {self.exact} exact, {self.floats} in floats (worst {self.worst:.0e}), {names}"


def confirm_gradient(equation: Equation, spec: Mapping[str, Any], *, seed: int = 0) -> Confirmation:
    """Compare the right side of a gradient statement with both routes of the oracle.

    Raises ConfirmationError with the network's size and the entry where they differ, UnsupportedError where the
    statement cannot be compared.
    """
    rng = np.random.default_rng(seed)
    depth, adapted = spec.get("depth", 1), spec.get("adapted", True)
    worst, exact, floats = 0.0, 0, 0
    for Q, N in SIZES:
        for is_exact in (True, False):
            network, data = draw_inside_chamber(rng, Q, depth, N, MARGIN, exact=is_exact, adapted=adapted)
            worst = max(worst, compare(equation, spec, network, data, f"a random network with Q = {Q}, N = {N}"))
            exact, floats = exact + is_exact, floats + (not is_exact)
    for name, Q, N in DATASETS:
        for is_exact in (True, False):
            data = load(name, Q=Q, N=N if is_exact else None, exact=is_exact)  # type: ignore[arg-type]  # names above
            network, inside = draw_chamber_for(rng, data, depth, 0.001, adapted=adapted), data
            worst = max(worst, compare(equation, spec, network, inside, f"{name} with Q = {Q}"))
            exact, floats = exact + is_exact, floats + (not is_exact)
    return Confirmation(exact, floats, tuple(name for name, _, _ in DATASETS), worst)


def at_layer(spec: Mapping[str, Any], depth: int, layer: int) -> dict[str, Any]:
    """The same statement read at another layer of a network of another depth: every symbol moves along.

    Only a statement with the later layers as one symbol (``suffixes``) holds at any depth. Raises UnsupportedError for
    the others, ShapeError for a layer that the network has not.

    >>> spec = {"gradient": "biases", "layer": 1, "symbols": {"K": ("suffixes", 1), "w": ("states", 0), "y": "targets"}}
    >>> at_layer(spec, 4, 3)["symbols"]
    {'K': ('suffixes', 3), 'w': ('states', 2), 'y': 'targets'}
    """
    if not 1 <= layer <= depth:
        raise ShapeError(f"a network with {depth} hidden layers has no hidden layer {layer}")
    symbols = spec["symbols"]
    if all(what[0] != "suffixes" for what in symbols.values()):
        raise UnsupportedError(
            f"the statement has no symbol for the layers after its own and holds at depth {spec.get('depth', 1)} only"
        )
    shift = layer - spec["layer"]
    moved = {name: what if isinstance(what, str) else (what[0], what[1] + shift) for name, what in symbols.items()}
    return {**spec, "depth": depth, "layer": layer, "symbols": moved}


def compare(
    equation: Equation,
    spec: Mapping[str, Any],
    network: PolarParameters,
    data: LabelledData,
    where: str = "this network",
) -> float:
    """The largest relative difference between the right side and both routes of the oracle; 0 in exact arithmetic.

    ``where`` names the network in messages. Raises ConfirmationError where the difference is too large (any at all
    over the rationals), UnsupportedError where the statement cannot be compared.
    """
    if any(node.op in DERIVATIVES for node in equation.rhs.walk()):
        raise UnsupportedError("the right side contains a derivative itself; confirm the claim that removes it")
    values = _bind(spec["symbols"], network, data)
    formula = (_exact_value if network.exact else _float_value)(equation, values, data)
    group, layer, sign = spec["gradient"], spec["layer"], spec.get("sign", 1)
    oracle = exact_oracle if network.exact else floating_oracle
    parameters = network if spec.get("adapted", True) else to_pulled_back(network)
    arguments = (data.points, data.targets, data.weights)
    direct = oracle.gradients(parameters.as_mapping(), *arguments, coordinates=parameters.coordinates)
    worst = 0.0
    for route, gradient in (
        ("cumulative parameters", direct[group][layer - 1]),
        ("original parameters", through_layers(oracle, network, arguments, group, layer)),
    ):
        worst = max(worst, _distance(formula, sign * gradient, group, f"{where}, route: {route}"))
    return worst


def _distance(formula: Array, gradient: Array, group: str, where: str) -> float:
    if group == "stretches" and formula.ndim == 2:
        formula = np.diagonal(formula)
    gradient = np.asarray(gradient)
    if formula.shape != gradient.shape:
        raise ConfirmationError(f"{where}: the formula has shape {formula.shape}, the gradient {gradient.shape}")
    gap = formula - gradient
    if gap.dtype == object:
        if any(gap.flat):
            place = next(i for i, g in np.ndenumerate(gap) if g)
            raise ConfirmationError(
                f"{where}: entry {place} is {formula[place]} by the formula, {gradient[place]} exactly"
            )
        return 0.0
    size = float(np.max(np.abs(gap), initial=0.0) / max(1.0, float(np.max(np.abs(gradient), initial=0.0))))
    if not size <= TOLERANCE:
        raise ConfirmationError(f"{where}: formula and gradient differ by {size:.1e}, tolerance {TOLERANCE:.0e}")
    return size


def _bind(symbols: Mapping[str, Any], network: PolarParameters, data: LabelledData) -> dict[str, Array]:
    """The arrays that the statement's symbols stand for."""
    path = trajectory(network, data.points)
    pulled = to_pulled_back(network)
    found: dict[str, Array] = {}
    for name, what in symbols.items():
        group, layer = (what, 0) if isinstance(what, str) else what
        if group == "points":
            found[name] = data.points
        elif group == "targets":
            found[name] = pulled_back_targets(network, data.targets)
        elif group == "states":
            found[name] = path.states[layer]
        elif group == "patterns":
            found[name] = path.patterns[layer - 1].astype(int)
        elif group == "projectors":
            found[name] = projectors(network, path.patterns)[layer - 1]
        elif group in ("suffixes", "remainders"):
            suffix = _suffix(projectors(network, path.patterns), layer)
            through = np.array([P @ z for P, z in zip(suffix, path.states[layer], strict=True)])
            found[name] = suffix if group == "suffixes" else path.states[-1] - through
        elif group == "weights":
            found[name] = pulled.weights[layer - 1]
        elif group in ("biases", "rotations", "stretches"):
            found[name] = network.as_mapping()[group][layer - 1]
        else:
            raise UnsupportedError(f"confirm: {name} is bound to {what!r}, which is no part of a network")
    return found


def _suffix(P: Array, layer: int) -> Array:
    """P_L ... P_{l+1} for each data point; the identity after the last layer."""
    products = []
    for point in range(P.shape[1]):
        product = np.eye(P.shape[2], dtype=int).astype(P.dtype)
        for later in P[layer:, point]:
            product = later @ product
        products.append(product)
    return np.array(products)


def _float_value(equation: Equation, values: Mapping[str, Array], data: LabelledData) -> Array:
    function = compile_numpy(equation.rhs)
    return np.asarray(
        function(
            **{name: values[name] for name in function.symbols}, **_sizes(equation, data), **_weights(function, data)
        )
    )


def _sizes(equation: Equation, data: LabelledData) -> dict[str, int]:
    """Dimensions that no argument tells: all are Q here."""
    untold, Q = compile_numpy(equation.rhs).dimensions, len(data.points[0])
    return dict.fromkeys(untold, Q)


def _weights(function: Any, data: LabelledData) -> dict[str, Array]:
    return {"weights": data.weights} if "weights" in function.program.inputs else {}


def _exact_value(equation: Equation, values: Mapping[str, Array], data: LabelledData) -> Array:
    """The right side over the rationals, by the evaluator that the refuter uses."""
    Q = len(data.points[0])
    symbols = equation.symbols()
    matrices = {name: _matrices(symbol, values[name], Q) for name, symbol in symbols.items()}
    sizes = dict.fromkeys(equation.dimensions(), Q)
    point = Point(sizes, matrices, tuple(to_fmpq(w) for w in data.weights))
    program = prepare(Equation(equation.rhs, equation.rhs))
    result = Evaluator(point, RATIONALS).value(program.sides[0][0])
    rows = [[to_fraction(result[i, j]) for j in range(result.ncols())] for i in range(result.nrows())]
    array = np.array(rows, dtype=object)
    return array[:, 0] if equation.rhs.shape[1] == 1 else array


def _matrices(symbol: Symbol, value: Array, Q: int) -> tuple[fmpq_mat, ...]:
    members = value if symbol.family else value[np.newaxis]
    return tuple(_matrix(symbol, member, Q) for member in members)


def _matrix(symbol: Symbol, value: Array, Q: int) -> fmpq_mat:
    array = np.asarray(value, dtype=object)
    if KINDS[symbol.kind].linear == "diagonal" and array.ndim == 1:
        array = np.array([[array[i] if i == j else 0 for j in range(Q)] for i in range(Q)], dtype=object)
    flat = [to_fmpq(Fraction(entry)) for entry in array.reshape(-1)]
    return fmpq_mat(array.shape[0], 1 if array.ndim == 1 else array.shape[1], flat)
