"""What the three routes are asked: parameters by group, points, targets, weights; checked for shape before any work.

Coordinates and their groups (hidden layers 1..L, output layer L+1; groups are sequences of arrays):

- ``"layers"``: ``weights`` W_ℓ, ``biases`` b_ℓ, ℓ = 1..L+1, any widths;
- ``"cumulative"``: ``weights`` W^(ℓ), ``biases`` b^(ℓ), ℓ = 1..L+1, square;
- ``"cumulative-bias"``: ``weights`` W^(ℓ), ``biases`` β_ℓ = (W^(ℓ))^{-1} b^(ℓ), ℓ = 1..L+1, square;
- ``"adapted"``: ``stretches`` diag W_*ℓ, ``rotations`` R_ℓ and optionally ``frames`` R̃_ℓ (1 when absent), ℓ = 1..L,
  ``biases`` β_ℓ, ℓ = 1..L+1, and ``output`` W^(L+1), alone in its group; W^(ℓ) = R̃ᵀ W_* R̃ R.

Data are rows: points (N, M_0), targets (N, M_{L+1}), weights (N,).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.errors import KindError, ShapeError, UndefinedError
from symflow.oracle.choices import RELU, Activation, Loss, require_loss

Array = NDArray[Any]
Cost = Literal["input", "standard"]
Coordinates = Literal["layers", "cumulative", "cumulative-bias", "adapted"]
OnKink = Literal["raise", "zero"]
Groups = dict[str, tuple[Array, ...]]
Parameters = Mapping[str, Sequence[ArrayLike]]

GROUPS: dict[str, tuple[str, ...]] = {
    "layers": ("weights", "biases"),
    "cumulative": ("weights", "biases"),
    "cumulative-bias": ("weights", "biases"),
    "adapted": ("stretches", "rotations", "frames", "biases", "output"),
}
VECTORS = ("biases", "stretches")
ORTHOGONAL = ("rotations", "frames")


@dataclass(frozen=True, slots=True)
class Problem:
    """A checked question. Arrays hold numbers of the route's own type."""

    groups: Groups
    points: Array
    targets: Array
    weights: Array
    cost: Cost
    coordinates: Coordinates
    activation: Activation
    loss: Loss


def read_problem(
    parameters: Parameters,
    points: ArrayLike,
    targets: ArrayLike,
    weights: ArrayLike,
    cost: str,
    coordinates: str,
    number: Callable[[Any], Any],
    tolerance: float,
    activation: Activation = RELU,
    loss: str = "square",
) -> Problem:
    """Convert every entry with ``number``, check names, counts, shapes and orthogonality (to ``tolerance``).

    Raises ShapeError (counts, shapes), KindError (unknown cost, coordinates, loss or group; not
    orthogonal; weight <= 0).
    """
    if cost not in ("input", "standard"):
        raise KindError(f"unknown cost {cost!r}; write cost='input' or cost='standard'")
    if coordinates not in GROUPS:
        raise KindError(f"unknown coordinates {coordinates!r}; write one of {', '.join(map(repr, GROUPS))}")
    require_loss(loss, cost)
    groups = _read_groups(parameters, coordinates, number)
    counts = {name: len(group) for name, group in groups.items()}
    if coordinates == "adapted":
        _require_adapted(groups, counts, tolerance)
    elif counts["weights"] != counts["biases"] or not counts["weights"]:
        raise ShapeError(f"layers 1..L+1 need as many biases as weights, at least one; got {counts}")
    rows = _array(points, 2, "points", number)
    labels = _array(targets, 2, "targets", number)
    masses = _array(weights, 1, "data weights", number)
    first, last = _require_fit(groups, coordinates, cost)
    for array, wanted, what in (
        (rows, (rows.shape[0], first), "points"),
        (labels, (rows.shape[0], last), "targets"),
        (masses, (rows.shape[0],), "data weights"),
    ):
        if array.shape != wanted:
            raise ShapeError(f"{what} must have shape {wanted} for these parameters; they have {array.shape}")
    if not all(mass > 0 for mass in masses):
        raise KindError("every data weight must be positive")
    return Problem(groups, rows, labels, masses, cost, coordinates, activation, loss)  # type: ignore[arg-type]  # checked above


def _read_groups(parameters: Parameters, coordinates: str, number: Callable[[Any], Any]) -> Groups:
    wanted = GROUPS[coordinates]
    unknown = sorted(set(parameters) - set(wanted))
    missing = [name for name in wanted if name not in parameters and name != "frames"]
    if unknown or missing:
        raise KindError(
            f"coordinates {coordinates!r} have the groups {', '.join(wanted)}; "
            f"unknown: {', '.join(unknown) or 'none'}, missing: {', '.join(missing) or 'none'}"
        )
    return {
        name: tuple(
            _array(value, 1 if name in VECTORS else 2, f"entry {place} of {name}", number)
            for place, value in enumerate(parameters[name], start=1)
        )
        for name in wanted
        if name in parameters
    }


def _array(values: ArrayLike, ndim: int, what: str, number: Callable[[Any], Any]) -> Array:
    raw = np.asarray(values, dtype=object)
    if raw.ndim != ndim or raw.size == 0:
        raise ShapeError(f"{what} needs {ndim} non-empty axes; its shape is {raw.shape}")
    array = np.empty(raw.shape, dtype=object)
    for place in np.ndindex(raw.shape):
        try:
            array[place] = number(raw[place])
        except KindError as error:
            raise KindError(f"{what}, at {place}: {error}") from error
    return array


def _require_adapted(groups: Groups, counts: dict[str, int], tolerance: float) -> None:
    depth = counts["rotations"]
    wanted = {"stretches": depth, "rotations": depth, "biases": depth + 1, "output": 1}
    wanted |= {"frames": depth} if counts.get("frames") else {}
    wrong = {name: counts[name] for name, count in wanted.items() if counts[name] != count}
    if wrong:
        raise ShapeError(f"adapted coordinates with {depth} rotations need {wanted}; got {wrong}")
    for name in ORTHOGONAL:
        for place, matrix in enumerate(groups.get(name, ()), start=1):
            _require_orthogonal(matrix, f"entry {place} of {name}", tolerance)


def _require_orthogonal(matrix: Array, what: str, tolerance: float) -> None:
    if matrix.shape[0] != matrix.shape[1]:
        raise ShapeError(f"{what} must be square; its shape is {matrix.shape}")
    product = matrix @ matrix.T
    for place in np.ndindex(product.shape):
        defect = product[place] - (1 if place[0] == place[1] else 0)
        if defect > tolerance or -defect > tolerance:
            raise KindError(f"{what} is not orthogonal: its product with its transpose differs from 1 at {place}")


def _require_fit(groups: Groups, coordinates: str, cost: str) -> tuple[int, int]:
    """Check the shapes of the parameters against each other; return M_0 and M_{L+1}."""
    matrices = [*groups.get("weights", ()), *groups.get("output", ())]
    width = matrices[0].shape[1]
    square = coordinates != "layers"
    sizes: list[int] = []
    for layer, matrix in enumerate(matrices, start=1):
        if matrix.shape[1] != (width if square else (sizes[-1] if sizes else width)):
            raise ShapeError(f"the weight of layer {layer} has shape {matrix.shape} and does not fit the one before")
        if square and matrix.shape[0] != width:
            raise ShapeError(f"coordinates {coordinates!r} need square weights; layer {layer} has {matrix.shape}")
        sizes.append(matrix.shape[0])
    for name in ("biases", "stretches", "rotations", "frames"):
        for place, array in enumerate(groups.get(name, ()), start=1):
            size = width if square else sizes[place - 1]
            shape = (size,) * array.ndim
            if array.shape != shape:
                raise ShapeError(f"entry {place} of {name} must have shape {shape}; it has {array.shape}")
    if cost == "input" and sizes[-1] != width:
        raise ShapeError(
            f"the input-layer cost inverts the product of all weights, here {sizes[-1]} x {width}; "
            "use cost='standard' for such widths"
        )
    return width, sizes[-1]


def kink_error(layer: int, datum: int, component: int) -> UndefinedError:
    """The error for a derivative asked on a kink; layer counted from 1, datum and component from 0."""
    return UndefinedError(
        f"datum {datum} sits on the kink of relu: component {component} of layer {layer} is exactly 0 before "
        "activation, so the cost may have no gradient; move off the wall, or pass on_kink='zero' for relu'(0) = 0"
    )


def singular_error(what: str) -> UndefinedError:
    """The error for a weight whose inverse is needed and does not exist."""
    return UndefinedError(f"{what} is singular and has no inverse; choose invertible weights")
