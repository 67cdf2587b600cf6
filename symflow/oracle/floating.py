"""The oracle in float64: the layered cost written in autograd's NumPy and differentiated by autograd.

Shares with the other routes the reading of its arguments and nothing else; data are rows here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval
from numpy.typing import ArrayLike, NDArray

from symflow.errors import KindError
from symflow.oracle.choices import RELU, Activation, Loss
from symflow.oracle.problem import (
    ORTHOGONAL,
    Coordinates,
    Cost,
    Groups,
    OnKink,
    Parameters,
    Problem,
    kink_error,
    read_problem,
    singular_error,
)

ORTHOGONALITY = 1e-9
Program = Mapping[str, Sequence[Any]]  # arrays, or autograd's boxes around them


def cost(
    parameters: Parameters,
    points: ArrayLike,
    targets: ArrayLike,
    weights: ArrayLike,
    *,
    cost: Cost = "input",
    coordinates: Coordinates = "layers",
    activation: Activation = RELU,
    loss: Loss = "square",
) -> float:
    """The cost in float64; arguments as for ``exact.gradients``.

    >>> cost({"weights": [[[0.5]], [[2.0]]], "biases": [[1.0], [0.0]]}, [[4.0]], [[1.0]], [1.0], cost="standard")
    12.5
    """
    problem = read_problem(
        parameters, points, targets, weights, cost, coordinates, real, ORTHOGONALITY, activation, loss
    )
    return float(_half_average(_as_floats(problem.groups), problem, "zero"))


def gradients(
    parameters: Parameters,
    points: ArrayLike,
    targets: ArrayLike,
    weights: ArrayLike,
    *,
    cost: Cost = "input",
    coordinates: Coordinates = "layers",
    activation: Activation = RELU,
    loss: Loss = "square",
    on_kink: OnKink = "raise",
) -> Groups:
    """Same groups and shapes as ``parameters``, float64; as ``exact.gradients``. Fractions are rounded on reading.

    A kink is met here only where a preactivation is exactly 0.0. Raises KindError, ShapeError and UndefinedError.

    >>> layers = {"weights": [[[0.5]], [[2.0]]], "biases": [[1.0], [0.0]]}
    >>> gradients(layers, [[4.0]], [[1.0]], [1.0], cost="standard")["weights"][0].tolist()
    [[40.0]]
    """
    problem = read_problem(
        parameters, points, targets, weights, cost, coordinates, real, ORTHOGONALITY, activation, loss
    )
    values = _as_floats(problem.groups)
    # A rotation is differentiated by the generator K of (1 + K − Kᵀ) R at K = 0.
    variables = {
        name: [np.zeros_like(array) for array in arrays] if name in ORTHOGONAL else arrays
        for name, arrays in values.items()
    }

    def program(moved: Program) -> Any:
        turned = {
            name: [array + (k - k.T) @ array for k, array in zip(moved[name], values[name], strict=True)]
            if name in ORTHOGONAL
            else moved[name]
            for name in values
        }
        return _half_average(turned, problem, on_kink)

    slopes = autograd.grad(program)(variables)
    return {
        name: tuple(np.asarray(array) / 2 if name in ORTHOGONAL else np.asarray(array) for array in slopes[name])
        for name in values
    }


def real(value: Any) -> float:
    """A number as float64; KindError for what is not a finite real number."""
    try:
        number = int(value.p) / int(value.q) if hasattr(value, "q") and hasattr(value, "p") else float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise KindError(f"{value!r} is not a real number that fits a float") from error
    if not np.isfinite(number):
        raise KindError(f"{value!r} is not finite")
    return number


def _as_floats(groups: Groups) -> dict[str, list[NDArray[np.float64]]]:
    return {name: [array.astype(np.float64) for array in arrays] for name, arrays in groups.items()}


def _half_average(groups: Program, problem: Problem, on_kink: OnKink) -> Any:
    try:
        layers = _layers(groups, problem.coordinates)
        state = problem.points.astype(np.float64)
        for layer, (weight, bias) in enumerate(layers[:-1], start=1):
            state = _activate(anp.dot(state, weight.T) + bias, layer, problem.activation, on_kink)
        weight, bias = layers[-1]
        output, targets = anp.dot(state, weight.T) + bias, problem.targets.astype(np.float64)
        error = output - targets
        if problem.cost == "input":
            product = layers[0][0]
            for weight, _ in layers[1:]:
                product = anp.dot(weight, product)
            error = anp.linalg.solve(product, error.T).T
    except np.linalg.LinAlgError as raised:
        raise singular_error("a cumulative weight") from raised
    return anp.sum(problem.weights.astype(np.float64) * _losses(output, targets, error, problem.loss))


def _losses(output: Any, targets: Any, error: Any, loss: str) -> Any:
    """The loss of each datum."""
    match loss:
        case "square":
            return 0.5 * anp.sum(error**2, axis=1)
        case "quartic":
            return 0.25 * anp.sum(error**4, axis=1)
        case "pseudo-huber":
            return anp.sum(anp.sqrt(1 + error**2) - 1, axis=1)
        case _:
            largest = np.max(getval(output), axis=1)
            total = anp.log(anp.sum(anp.exp(output - largest[:, np.newaxis]), axis=1)) + largest
            return total - anp.sum(targets * output, axis=1)


def _layers(groups: Program, coordinates: Coordinates) -> list[tuple[Any, Any]]:
    """[(W_ℓ, b_ℓ)] from any coordinates."""
    if coordinates == "layers":
        return list(zip(groups["weights"], groups["biases"], strict=True))
    if coordinates == "adapted":
        size = groups["output"][0].shape[0]
        frames = groups.get("frames") or [np.eye(size)] * len(groups["rotations"])
        weights = [
            anp.dot(frame.T * stretch, anp.dot(frame, rotation))
            for frame, stretch, rotation in zip(frames, groups["stretches"], groups["rotations"], strict=True)
        ]
        weights.append(groups["output"][0])
    else:
        weights = list(groups["weights"])
    biases = list(groups["biases"])
    if coordinates != "cumulative":
        biases = [anp.dot(weight, beta) for weight, beta in zip(weights, biases, strict=True)]
    layers = [(weights[0], biases[0])]
    for layer in range(1, len(weights)):
        # W_ℓ solves W_ℓ W^(ℓ-1) = W^(ℓ).
        weight = anp.linalg.solve(weights[layer - 1].T, weights[layer].T).T
        layers.append((weight, biases[layer] - anp.dot(weight, biases[layer - 1])))
    return layers


def _activate(preactivation: Any, layer: int, activation: Activation, on_kink: OnKink) -> Any:
    plain = getval(preactivation)
    if activation.kinked and on_kink == "raise" and not plain.all():
        datum, component = (int(index) for index in np.argwhere(plain == 0)[0])
        raise kink_error(layer, datum, component)
    numbers = [float(number) for number in activation.numbers]
    match activation.name:
        case "relu":
            return anp.where(plain > 0, preactivation, 0.0)
        case "leaky relu":
            return anp.where(plain > 0, preactivation, numbers[0] * preactivation)
        case "polynomial":
            return sum(number * preactivation**power for power, number in enumerate(numbers))
        case "swish":
            return preactivation / (1.0 + anp.exp(-preactivation))
        case _:
            return anp.tanh(preactivation)
