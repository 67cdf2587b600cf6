"""Gradient statements against the oracle: where a proved formula meets the derivative of the original network.

A claim of a derivation says in its ``confirm`` mapping which derivative of the network its left side is, and what its
symbols are there:

    confirm={"gradient": "biases", "layer": 1, "adapted": True, "depth": 1,
             "symbols": {"R": ("rotations", 1), "H": ("patterns", 1), "x": "points", "b": ("biases", 1), "y":
             "targets"}}

``gradient`` is ``biases``, ``weights``, ``rotations`` (the Lie gradient) or ``stretches`` of a layer, ``output bias``
or ``output weight``, or ``layer biases``, the gradient by b_l of the original network; ``sign`` is -1 where the claim
states minus the gradient. ``cost``, ``activation`` and ``loss`` say what else the network has than the input-layer
cost, ReLU and squares; a function symbol of the statement stands for the activation or the loss. Where a symbol that
is one for each data point is declared without an index, the formula is that of one data point, and is averaged.

Two routes lead to the derivative: the oracle in cumulative coordinates, and the oracle in the original layered
parameters (W_l, b_l) carried over by theory A6. Both must equal the formula: exactly over the rationals, to 1e-10 in
floats, to 45 of 50 digits where the numbers are transcendental.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import mpmath
import numpy as np

from symflow.confirm.bindings import LATER, OUTPUT, Situation, bind
from symflow.confirm.concrete_functions import ACTIVATIONS, LOSSES, concrete, with_function
from symflow.confirm.formula_values import Arithmetic, value_of
from symflow.confirm.through_layers import through_layers
from symflow.errors import ShapeError, SymflowError, UnsupportedError
from symflow.expr.tree import DERIVATIVES, Equation, Expr
from symflow.network import LabelledData, PolarParameters, to_pulled_back
from symflow.network.arrays import Array
from symflow.oracle import exact as exact_oracle
from symflow.oracle import floating as floating_oracle
from symflow.oracle import precise as precise_oracle

# relative to the larger of 1 and the gradient: float64 keeps 1e-13 on these sizes, inverses cost some
TOLERANCE = 1e-10
DIGITS = 50
DIGITS_TOLERANCE = 1e-45
ORACLES: dict[Arithmetic, ModuleType] = {
    "exact": exact_oracle, "floats": floating_oracle, "digits": precise_oracle,
}  # fmt: skip


class ConfirmationError(SymflowError, AssertionError):
    """A proved formula and the derivative of the network differ."""


def holds_at_any_depth(spec: Mapping[str, Any]) -> bool:
    """Whether a statement can be read in networks of every depth.

    >>> holds_at_any_depth({"gradient": "output bias", "symbols": {"z": "last states", "y": "targets"}})
    True
    """
    return spec["gradient"] in OUTPUT or any(what[0] in LATER for what in spec["symbols"].values())


def at_layer(spec: Mapping[str, Any], depth: int, layer: int) -> dict[str, Any]:
    """The same statement read at another layer of a network of another depth: every symbol moves along.

    Only a statement with the later layers as one symbol (``suffixes``) holds at any depth, and a statement about the
    output layer, which has no other place. Raises UnsupportedError for the others, ShapeError for a layer that the
    network has not.

    >>> spec = {"gradient": "biases", "layer": 1, "symbols": {"K": ("suffixes", 1), "w": ("states", 0), "y": "targets"}}
    >>> at_layer(spec, 4, 3)["symbols"]
    {'K': ('suffixes', 3), 'w': ('states', 2), 'y': 'targets'}
    """
    if not 1 <= layer <= depth:
        raise ShapeError(f"a network with {depth} hidden layers has no hidden layer {layer}")
    if not holds_at_any_depth(spec):
        raise UnsupportedError(
            f"the statement has no symbol for the layers after its own and holds at depth {spec.get('depth', 1)} only"
        )
    if spec["gradient"] in OUTPUT:
        return {**spec, "depth": depth}
    shift = layer - spec["layer"]
    symbols = spec["symbols"].items()
    moved = {name: what if isinstance(what, str) else (what[0], what[1] + shift) for name, what in symbols}
    return {**spec, "depth": depth, "layer": layer, "symbols": moved}


def is_rational(spec: Mapping[str, Any]) -> bool:
    """Whether the gradient of a rational network is rational, so that it can be compared exactly."""
    loss = spec.get("loss", "square")
    activation = concrete(spec.get("activation", "relu"), ACTIVATIONS)[0]
    return bool(activation.rational) and loss != "cross-entropy" and bool(concrete(loss, LOSSES).rational)


def compare(
    equation: Equation, spec: Mapping[str, Any], network: PolarParameters, data: LabelledData,
    where: str = "this network", *, digits: bool = False,
) -> float:  # fmt: skip
    """The largest relative difference between the right side and both routes of the oracle; 0 in exact arithmetic.

    ``where`` names the network in messages; ``digits`` computes with 50 digits instead of exactly. Raises
    ConfirmationError where the difference is too large (any at all over the rationals), UnsupportedError where the
    statement cannot be compared.
    """
    if any(node.op in DERIVATIVES for node in equation.rhs.walk()):
        raise UnsupportedError("the right side contains a derivative itself; confirm the claim that removes it")
    arithmetic: Arithmetic = "digits" if digits else "exact" if network.exact else "floats"
    with mpmath.workdps(DIGITS + 10):
        formula = _formula(equation, spec, Situation(network, data, spec.get("activation", "relu"), arithmetic))
        sign, worst = spec.get("sign", 1), 0.0
        for route, gradient in _routes(spec, network, data, ORACLES[arithmetic]):
            place = f"{where}, route: {route}"
            worst = max(worst, _distance(formula, sign * np.asarray(gradient), spec["gradient"], place))
    return worst


def _routes(
    spec: Mapping[str, Any], network: PolarParameters, data: LabelledData, oracle: ModuleType
) -> list[tuple[str, Any]]:
    """The derivative that the statement is about, by each route."""
    group, layer = spec["gradient"], spec.get("layer", 0)
    options: dict[str, Any] = {
        "activation": concrete(spec.get("activation", "relu"), ACTIVATIONS)[0],
        "cost": spec.get("cost", "input"), "loss": spec.get("loss", "square"),
    }  # fmt: skip
    if oracle is precise_oracle:
        options["digits"] = DIGITS
    arguments = (data.points, data.targets, data.weights)
    pulled = group in OUTPUT or not spec.get("adapted", True)
    if group in OUTPUT:
        group, layer = ("weights" if group == "output weight" else "biases"), network.depth + 1
    original = ("original parameters", through_layers(oracle, network, arguments, group, layer, **options))
    if group == "layer biases":
        return [original]
    parameters = to_pulled_back(network) if pulled else network
    direct = oracle.gradients(parameters.as_mapping(), *arguments, coordinates=parameters.coordinates, **options)
    return [("cumulative parameters", direct[group][layer - 1]), original]


def _formula(equation: Equation, spec: Mapping[str, Any], at: Situation) -> Array:
    """The right side of the statement; the average over the data where it speaks of one data point."""
    expression, symbols = _with_functions(equation.rhs, spec, at.activation), spec["symbols"]
    values, per_point = bind(symbols, at)
    weights, Q = at.number(at.data.weights), at.network.dimension
    families = {name for name, symbol in equation.symbols().items() if symbol.family}
    if per_point <= families:
        return value_of(expression, values, weights, Q, at.arithmetic)
    total: Any = 0
    for point, weight in enumerate(weights):
        here = {name: value[point] if name in per_point - families else value for name, value in values.items()}
        total = total + weight * value_of(expression, here, weights, Q, at.arithmetic)
    return np.asarray(total)


def _with_functions(expression: Expr, spec: Mapping[str, Any], activation: str) -> Expr:
    for name, what in spec["symbols"].items():
        if what == "activation":
            expression = with_function(expression, name, concrete(activation, ACTIVATIONS)[1])
        elif what == "loss":
            expression = with_function(expression, name, concrete(spec.get("loss", "square"), LOSSES))
    return expression


def _distance(formula: Array, gradient: Array, group: str, where: str) -> float:
    if group == "stretches" and formula.ndim == 2:
        formula = np.diagonal(formula)
    if formula.shape != gradient.shape:
        raise ConfirmationError(f"{where}: the formula has shape {formula.shape}, the gradient {gradient.shape}")
    gap = formula - gradient
    digits = gap.dtype == object and any(isinstance(entry, mpmath.mpf) for entry in gap.flat)
    if gap.dtype == object and not digits:
        if any(gap.flat):
            place = next(i for i, g in np.ndenumerate(gap) if g)
            raise ConfirmationError(
                f"{where}: entry {place} is {formula[place]} by the formula, {gradient[place]} exactly"
            )
        return 0.0
    size = float(np.max(np.abs(gap), initial=0.0) / max(1.0, np.max(np.abs(gradient), initial=0.0)))
    tolerance = DIGITS_TOLERANCE if digits else TOLERANCE
    if not size <= tolerance:
        raise ConfirmationError(f"{where}: formula and gradient differ by {size:.1e}, tolerance {tolerance:.0e}")
    return size
