"""The oracle in mpmath numbers of any precision, by reverse-mode differentiation (no step size, no truncation error).

For parameters that are not rational (square roots, angles) and as an arbiter where floats and a formula differ in
their last digits.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from numpy.typing import ArrayLike

from symflow.errors import KindError
from symflow.oracle.choices import RELU, Activation, Loss
from symflow.oracle.layered import layer_outputs, layers_from, residual
from symflow.oracle.problem import (
    ORTHOGONAL,
    Array,
    Coordinates,
    Cost,
    Groups,
    OnKink,
    Parameters,
    Problem,
    read_problem,
)
from symflow.oracle.scalar_tape import Scalar, ScalarArithmetic, slopes

# Rotations are often given in float64; a defect of that size is the caller's precision, not a mistake.
ORTHOGONALITY = 1e-9


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
    digits: int = 50,
) -> Any:
    """The cost as an ``mpf`` computed with ``digits`` decimal digits; arguments as for ``exact.gradients``.

    >>> mpmath.nstr(cost({"weights": [[[Fraction(1, 3)]]], "biases": [[0]]}, [[1]], [[0]], [1], cost="standard"), 20)
    '0.055555555555555555556'
    """
    with mpmath.workdps(digits):
        problem = read_problem(
            parameters, points, targets, weights, cost, coordinates, real, ORTHOGONALITY, activation, loss
        )
        arithmetic = ScalarArithmetic([], mpmath.mpf(0), "zero", activation)
        return _half_average(problem, _variables(problem, arithmetic)[0], arithmetic).value


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
    digits: int = 50,
    on_kink: OnKink = "raise",
) -> Groups:
    """Same groups and shapes as ``parameters``, entries ``mpf``; as ``exact.gradients``, with ``digits`` digits.

    Numbers may be int, float (its exact value), Fraction, FLINT rational, mpf or a decimal string.
    Raises KindError, ShapeError and UndefinedError as ``exact.gradients`` does.

    >>> root = mpmath.sqrt(2)
    >>> gradient = gradients({"weights": [[[root]]], "biases": [[0]]}, [[1]], [[0]], [1], cost="standard", digits=15)
    >>> mpmath.nstr(gradient["weights"][0][0, 0], 10)
    '1.414213562'
    """
    with mpmath.workdps(digits):
        problem = read_problem(
            parameters, points, targets, weights, cost, coordinates, real, ORTHOGONALITY, activation, loss
        )
        arithmetic = ScalarArithmetic([], mpmath.mpf(0), on_kink, activation)
        groups, variables = _variables(problem, arithmetic)
        adjoints = slopes(_half_average(problem, groups, arithmetic))
        return {
            name: tuple(
                _collect(name, variable, array, adjoints)
                for variable, array in zip(variables[name], arrays, strict=True)
            )
            for name, arrays in problem.groups.items()
        }


def real(value: Any) -> Any:
    """A number as ``mpf`` in the working precision; KindError for what is not a finite real number."""
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    if hasattr(value, "p") and hasattr(value, "q"):  # a FLINT rational
        return mpmath.mpf(int(value.p)) / int(value.q)
    if isinstance(value, np.generic):
        value = value.item()
    try:
        number = mpmath.mpf(value)
    except (TypeError, ValueError) as error:
        raise KindError(f"{value!r} is not a real number; give int, float, Fraction, mpf or a decimal") from error
    if not mpmath.isfinite(number):
        raise KindError(f"{value!r} is not finite")
    return number


def _variables(problem: Problem, arithmetic: ScalarArithmetic) -> tuple[dict[str, list[Array]], dict[str, list[Array]]]:
    """Arrays that enter the program, and those to differentiate by: for a rotation, K in (1 + K − Kᵀ) R at K = 0."""
    groups: dict[str, list[Array]] = {}
    variables: dict[str, list[Array]] = {}
    for name, arrays in problem.groups.items():
        lifted = [arithmetic.lift(array.reshape(-1, 1) if array.ndim == 1 else array) for array in arrays]
        if name in ORTHOGONAL:
            variables[name] = [arithmetic.lift(np.zeros(array.shape, dtype=int)) for array in arrays]
            groups[name] = [
                (arithmetic.identity(len(rotation)) + (generator - generator.T)) @ rotation
                for generator, rotation in zip(variables[name], lifted, strict=True)
            ]
        else:
            groups[name] = variables[name] = lifted
    if problem.coordinates == "adapted" and not groups.get("frames"):
        groups["frames"] = [arithmetic.identity(problem.points.shape[1]) for _ in groups["rotations"]]
    return groups, variables


def _half_average(problem: Problem, groups: dict[str, list[Array]], arithmetic: ScalarArithmetic) -> Scalar:
    weights, biases = layers_from(groups, problem.coordinates, arithmetic)
    points, targets = arithmetic.lift(problem.points.T), arithmetic.lift(problem.targets.T)
    total = arithmetic.constant(0)
    if problem.loss == "cross-entropy":
        outputs = layer_outputs(weights, biases, points, arithmetic)[-1]
        losses = [arithmetic.cross_entropy(x, y) for x, y in zip(outputs.T, targets.T, strict=True)]
    else:
        error = residual(weights, biases, points, targets, problem.cost, arithmetic)
        losses = [arithmetic.loss_of(e, problem.loss) for e in error.T]
    for mass, loss in zip(problem.weights, losses, strict=True):
        total = total + arithmetic.constant(mass) * loss
    return total


def _collect(name: str, variable: Array, array: Array, adjoints: list[Any]) -> Array:
    result = np.empty(variable.shape, dtype=object)
    for place in np.ndindex(variable.shape):
        entry: Any = variable[place]
        result[place] = mpmath.mpf(adjoints[entry.place])
    if name in ORTHOGONAL:
        return result / 2  # ∂C/∂K_pq = ⟨Ω', E_pq − E_qp⟩ = 2 Ω'_pq
    return result.reshape(array.shape)
