"""The oracle over the rationals: cost and gradients of the layered network with no rounding at all.

In a chamber the cost is a rational function of the parameters, so its derivatives at rational parameters are
rational and a formula can be compared with them by equality.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat, fmpz
from numpy.typing import ArrayLike

from symflow.errors import KindError, UnsupportedError
from symflow.oracle.choices import RELU, Activation, Loss
from symflow.oracle.layered import layer_outputs, layers_from, residual
from symflow.oracle.matrix_tape import (
    Node,
    RationalArithmetic,
    half_weighted_square,
    polynomial,
    propagate,
    weighted_sum,
)
from symflow.oracle.problem import (
    ORTHOGONAL,
    VECTORS,
    Array,
    Coordinates,
    Cost,
    Groups,
    OnKink,
    Parameters,
    Problem,
    read_problem,
)


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
) -> Fraction:
    """C = ½ Σ ω |(W^(L+1))^{-1}(x^(L+1) − y)|² (``"input"``) or ½ Σ ω |x^(L+1) − y|² (``"standard"``), exactly.

    Arguments, shapes and errors as for ``gradients``; the cost is defined on kinks too.

    >>> half = Fraction(1, 2)
    >>> cost({"weights": [[[half]], [[2]]], "biases": [[1], [0]]}, [[4]], [[1]], [1], cost="standard")
    Fraction(25, 2)
    """
    problem = read_problem(parameters, points, targets, weights, cost, coordinates, rational, 0, activation, loss)
    return fraction(_half_average(problem, _variables(problem)[0], "zero").value[0, 0])


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
    """The derivative of the cost with respect to every array of ``parameters``: same groups, same shapes, Fractions.

    ``coordinates`` says what the groups mean (``symflow.oracle.problem``). Points (N, M_0), targets (N, M_{L+1}),
    weights (N,). For ``rotations`` and ``frames`` the answer is the antisymmetric Ω' with
    d/dt C(exp(tA) R) = ⟨Ω', A⟩ at t = 0 for every antisymmetric A.

    ``activation`` and ``loss`` are those of ``symflow.oracle.choices``.

    Raises KindError (a float among the numbers, unknown names, a rotation that is not orthogonal), ShapeError,
    UnsupportedError (an activation or a loss that leaves the rationals), and UndefinedError (singular weight; a datum
    on a kink unless ``on_kink="zero"``, which takes relu'(0) = 0, and the slope for leaky ReLU).

    >>> half = Fraction(1, 2)
    >>> gradient = gradients({"weights": [[[half]], [[2]]], "biases": [[1], [0]]}, [[4]], [[1]], [1], cost="standard")
    >>> gradient["weights"][0].tolist(), gradient["biases"][1].tolist()
    ([[Fraction(40, 1)]], [Fraction(5, 1)])
    """
    problem = read_problem(parameters, points, targets, weights, cost, coordinates, rational, 0, activation, loss)
    groups, variables = _variables(problem)
    propagate(_half_average(problem, groups, on_kink))
    return {
        name: tuple(_collect(name, variable, array) for variable, array in zip(variables[name], arrays, strict=True))
        for name, arrays in problem.groups.items()
    }


def states(parameters: Parameters, points: ArrayLike) -> tuple[Array, ...]:
    """x^(0)..x^(L+1) of the layered network for parameters in ``"layers"`` coordinates; each (N, M_ℓ), Fractions.

    >>> [x.tolist() for x in states({"weights": [[[1]], [[2]]], "biases": [[-1], [0]]}, [[4]])]
    [[[Fraction(4, 1)]], [[Fraction(3, 1)]], [[Fraction(6, 1)]]]
    """
    # Any targets do; their shape is guessed from the last bias, and a malformed one is refused by the reading.
    size = np.atleast_1d(np.asarray(points, dtype=object)).shape[0]
    last = [np.shape(bias) for bias in parameters.get("biases", ())][-1:]
    targets, masses = [[0] * (last[0][0] if last and last[0] else 1)] * size, [1] * size
    problem = read_problem(parameters, points, targets, masses, "standard", "layers", rational, 0)
    groups, _ = _variables(problem)
    data = Node(_matrix(problem.points.T))
    nodes = layer_outputs(groups["weights"], groups["biases"], data, RationalArithmetic("zero"))
    return tuple(_array(node.value).T for node in nodes)


def rational(value: Any) -> fmpq:
    """An exact number as ``flint.fmpq``; a float raises KindError, because its decimal meaning is unknown."""
    if isinstance(value, fmpq):
        return value
    if isinstance(value, (int, np.integer, fmpz)):
        return fmpq(int(value))
    if isinstance(value, Fraction):
        return fmpq(value.numerator, value.denominator)
    raise KindError(
        f"the exact oracle takes integers and Fractions, not {type(value).__name__} {value!r}; "
        "write Fraction('0.1') for the decimal, Fraction(0.1) for the float's own value"
    )


def fraction(value: fmpq) -> Fraction:
    """A FLINT rational as a Fraction."""
    return Fraction(int(value.p), int(value.q))


def _variables(problem: Problem) -> tuple[dict[str, list[Node]], dict[str, list[Node]]]:
    """Nodes that enter the program, and the nodes to differentiate by: for a rotation, K in (1 + K − Kᵀ) R at K = 0."""
    groups: dict[str, list[Node]] = {}
    variables: dict[str, list[Node]] = {}
    for name, arrays in problem.groups.items():
        nodes = [Node(_matrix(array.reshape(-1, 1) if array.ndim == 1 else array)) for array in arrays]
        if name in ORTHOGONAL:
            variables[name] = [Node(fmpq_mat(node.value.nrows(), node.value.nrows())) for node in nodes]
            groups[name] = [_turned(generator, node) for generator, node in zip(variables[name], nodes, strict=True)]
        else:
            groups[name] = variables[name] = nodes
    if problem.coordinates == "adapted" and not groups.get("frames"):
        size = problem.points.shape[1]
        groups["frames"] = [Node(_identity(size)) for _ in groups["rotations"]]
    return groups, variables


def _turned(generator: Node, rotation: Node) -> Node:
    """(1 + K − Kᵀ) R, which agrees with exp(K − Kᵀ) R to first order."""
    antisymmetric = generator - RationalArithmetic("raise").transpose(generator)
    return (Node(_identity(rotation.value.nrows())) + antisymmetric) @ rotation


def _half_average(problem: Problem, groups: dict[str, list[Node]], on_kink: OnKink) -> Node:
    arithmetic = RationalArithmetic(on_kink, problem.activation)
    weights, biases = layers_from(groups, problem.coordinates, arithmetic)
    points, targets = Node(_matrix(problem.points.T)), Node(_matrix(problem.targets.T))
    error = residual(weights, biases, points, targets, problem.cost, arithmetic)
    masses = list(problem.weights)
    if problem.loss == "square":
        return half_weighted_square(error, masses)
    if problem.loss == "quartic":
        return weighted_sum(polynomial(error, [fmpq(0)] * 4 + [fmpq(1, 4)]), masses)
    raise UnsupportedError(f"{problem.loss} has no rational values: take symflow.oracle.precise")


def _collect(name: str, variable: Node, array: Array) -> Array:
    adjoint = variable.adjoint if variable.adjoint is not None else variable.value * 0
    result = _array(adjoint)
    if name in ORTHOGONAL:
        return result / 2  # ∂C/∂K_pq = ⟨Ω', E_pq − E_qp⟩ = 2 Ω'_pq
    return result.reshape(array.shape) if name in VECTORS else result


def _identity(size: int) -> fmpq_mat:
    return fmpq_mat(size, size, [int(row == column) for row in range(size) for column in range(size)])


def _matrix(array: Array) -> fmpq_mat:
    return fmpq_mat(array.shape[0], array.shape[1], list(array.flat))


def _array(matrix: fmpq_mat) -> Array:
    result = np.empty(matrix.nrows() * matrix.ncols(), dtype=object)
    result[:] = [fraction(entry) for entry in matrix.entries()]
    return result.reshape(matrix.nrows(), matrix.ncols())
