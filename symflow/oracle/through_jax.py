"""The oracle in float64 through JAX: a third program for the layered cost, differentiated by another library.

JAX is optional (``pip install 'symflow[jax]'``) and imported on the first call. Its global precision is left as the
caller set it; float64 holds inside the calls only. Data are rows here.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from symflow.errors import UnsupportedError
from symflow.oracle.choices import RELU, Activation, Loss
from symflow.oracle.floating import ORTHOGONALITY, real
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

Program = Mapping[str, Sequence[Any]]  # JAX's arrays, or its tracers


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
    """The cost in float64; arguments as for ``exact.gradients``. Raises UnsupportedError where JAX is not installed.

    >>> cost({"weights": [[[0.5]], [[2.0]]], "biases": [[1.0], [0.0]]}, [[4.0]], [[1.0]], [1.0],
    ...      cost="standard")  # doctest: +SKIP
    12.5
    """
    jax = _jax()
    problem = read_problem(
        parameters, points, targets, weights, cost, coordinates, real, ORTHOGONALITY, activation, loss
    )
    with _in_float64(jax):
        value, _ = _half_average(jax, _as_floats(problem.groups), problem)
        return float(_finite(value))


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
    """Same groups and shapes as ``parameters``, float64 NumPy arrays; as ``floating.gradients``.

    Raises UnsupportedError where JAX is not installed, KindError, ShapeError and UndefinedError.

    >>> layers = {"weights": [[[0.5]], [[2.0]]], "biases": [[1.0], [0.0]]}
    >>> gradients(layers, [[4.0]], [[1.0]], [1.0], cost="standard")["weights"][0].tolist()  # doctest: +SKIP
    [[40.0]]
    """
    jax = _jax()
    problem = read_problem(
        parameters, points, targets, weights, cost, coordinates, real, ORTHOGONALITY, activation, loss
    )
    values = _as_floats(problem.groups)

    def program(moved: Program) -> tuple[Any, list[Any]]:
        turned = {
            name: [jax.scipy.linalg.expm(k - k.T) @ array for k, array in zip(moved[name], values[name], strict=True)]
            if name in ORTHOGONAL
            else moved[name]
            for name in values
        }
        return _half_average(jax, turned, problem)

    with _in_float64(jax):
        # A rotation is differentiated by the generator K of exp(K − Kᵀ) R at K = 0.
        variables = {
            name: [jax.numpy.zeros_like(array) if name in ORTHOGONAL else jax.numpy.asarray(array) for array in arrays]
            for name, arrays in values.items()
        }
        slopes, preactivations = jax.grad(program, has_aux=True)(variables)
        if activation.kinked and on_kink == "raise":
            _require_no_kink([np.asarray(preactivation) for preactivation in preactivations])
        return {
            name: tuple(_finite(array) / 2 if name in ORTHOGONAL else _finite(array) for array in slopes[name])
            for name in values
        }


def _jax() -> Any:
    try:
        return importlib.import_module("jax")
    except ModuleNotFoundError as error:
        raise UnsupportedError(
            "this route of the oracle needs JAX, which is not installed: pip install 'symflow[jax]', or take "
            "symflow.oracle.floating, which gives the same numbers through autograd"
        ) from error


def _in_float64(jax: Any) -> Any:
    """A context with 64-bit numbers; it has moved between JAX's versions."""
    importlib.import_module("jax.scipy.linalg")  # a submodule that JAX loads only when asked
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    return importlib.import_module("jax.experimental").enable_x64(True)


def _as_floats(groups: Groups) -> dict[str, list[Any]]:
    return {name: [array.astype(np.float64) for array in arrays] for name, arrays in groups.items()}


def _half_average(jax: Any, groups: Program, problem: Problem) -> tuple[Any, list[Any]]:
    """The cost, and the preactivations of the hidden layers to look for kinks in."""
    jnp = jax.numpy
    layers = _layers(jnp, groups, problem)
    state, preactivations = jnp.asarray(problem.points.astype(np.float64)), []
    for weight, bias in layers[:-1]:
        preactivations.append(state @ weight.T + bias)
        state = _activated(jax, preactivations[-1], problem.activation)
    weight, bias = layers[-1]
    output, targets = state @ weight.T + bias, problem.targets.astype(np.float64)
    error = output - targets
    if problem.cost == "input":
        product = layers[0][0]
        for weight, _ in layers[1:]:
            product = weight @ product
        error = jnp.linalg.solve(product, error.T).T
    losses = _losses(jax, output, targets, error, problem.loss)
    return jnp.vdot(problem.weights.astype(np.float64), losses), preactivations


def _activated(jax: Any, u: Any, activation: Activation) -> Any:
    numbers = [float(number) for number in activation.numbers]
    functions = {
        "relu": lambda: jax.numpy.where(u > 0, u, 0.0),
        "leaky relu": lambda: jax.numpy.where(u > 0, u, numbers[0] * u),
        "polynomial": lambda: jax.numpy.polyval(jax.numpy.array(numbers[::-1]), u),
        "swish": lambda: jax.nn.silu(u),
        "tanh": lambda: jax.numpy.tanh(u),
    }
    return functions[activation.name]()


def _losses(jax: Any, output: Any, targets: Any, error: Any, loss: str) -> Any:
    """The loss of each datum."""
    losses = {
        "square": lambda: (error * error).sum(axis=1) / 2,
        "quartic": lambda: (error**4).sum(axis=1) / 4,
        "pseudo-huber": lambda: (jax.numpy.sqrt(1 + error * error) - 1).sum(axis=1),
        "cross-entropy": lambda: jax.scipy.special.logsumexp(output, axis=1) - (targets * output).sum(axis=1),
    }
    return losses[loss]()


def _layers(jnp: Any, groups: Program, problem: Problem) -> list[tuple[Any, Any]]:
    """[(W_ℓ, b_ℓ)] from any coordinates."""
    if problem.coordinates == "layers":
        return list(zip(groups["weights"], groups["biases"], strict=True))
    if problem.coordinates == "adapted":
        frames = groups.get("frames") or [np.eye(len(stretch)) for stretch in groups["stretches"]]
        hidden = zip(frames, groups["stretches"], groups["rotations"], strict=True)
        weights = [frame.T @ jnp.diag(stretch) @ frame @ rotation for frame, stretch, rotation in hidden]
        weights.append(groups["output"][0])
    else:
        weights = list(groups["weights"])
    biases = list(groups["biases"])
    if problem.coordinates != "cumulative":
        biases = [weight @ beta for weight, beta in zip(weights, biases, strict=True)]
    layers = [(weights[0], biases[0])]
    for layer in range(1, len(weights)):
        # W_ℓ solves W_ℓ W^(ℓ-1) = W^(ℓ).
        weight = jnp.linalg.solve(weights[layer - 1].T, weights[layer].T).T
        layers.append((weight, biases[layer] - weight @ biases[layer - 1]))
    return layers


def _require_no_kink(preactivations: list[Any]) -> None:
    for layer, preactivation in enumerate(preactivations, start=1):
        if not preactivation.all():
            datum, component = (int(index) for index in np.argwhere(preactivation == 0)[0])
            raise kink_error(layer, datum, component)


def _finite(value: Any) -> Any:
    """As a NumPy array; JAX solves a singular system without complaint, to infinities and NaN."""
    array = np.asarray(value)
    if not np.isfinite(array).all():
        raise singular_error("a cumulative weight")
    return array
