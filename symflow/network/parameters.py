"""The four coordinate systems of a layered network, as frozen dataclasses of arrays (theory A1, A4, A6).

Each knows its depth L, says whether it is exact, and turns into the plain mapping that ``symflow.oracle`` reads.
Layer ℓ of the mathematics is entry ℓ − 1 of a tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, Self

from numpy.typing import ArrayLike

from symflow.errors import KindError, ShapeError
from symflow.network.arrays import (
    Array,
    as_array,
    as_floats,
    as_fractions,
    identity,
    is_exact,
    require_one_arithmetic,
    require_orthogonal,
    require_shape,
)


def _read(values: Sequence[ArrayLike], what: str, ndim: int) -> tuple[Array, ...]:
    return tuple(as_array(value, f"{what}_{layer}", ndim) for layer, value in enumerate(values, start=1))


class _Parameters:
    """What the four coordinate systems have in common."""

    __slots__ = ()
    coordinates: ClassVar[str]

    def as_mapping(self) -> dict[str, tuple[Array, ...]]:
        """The arrays by group name: what the functions of ``symflow.oracle`` take."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]  # subclasses are dataclasses

    @property
    def exact(self) -> bool:
        """Whether all arrays hold Fractions (otherwise all are float64)."""
        return all(is_exact(array) for group in self.as_mapping().values() for array in group)

    def to_floats(self) -> Self:
        """The same parameters in float64."""
        return self._map(as_floats)

    def to_fractions(self) -> Self:
        """The same parameters as Fractions, without rounding (orthogonality that held to 1e-16 only is refused)."""
        return self._map(as_fractions)

    def _map(self, convert: Callable[[Array], Array]) -> Self:
        return type(self)(**{name: tuple(map(convert, group)) for name, group in self.as_mapping().items()})

    def _require_one_arithmetic(self) -> None:
        require_one_arithmetic((a for group in self.as_mapping().values() for a in group), type(self).__name__)


def _require_layers(weights: Sequence[object], biases: Sequence[object], what: str) -> None:
    if not weights or len(weights) != len(biases):
        raise ShapeError(
            f"{what} needs as many biases as weights and at least one of each (layers 1..L+1); "
            f"got {len(weights)} weights and {len(biases)} biases"
        )


@dataclass(frozen=True, slots=True, eq=False)
class LayeredParameters(_Parameters):
    """(W_ℓ, b_ℓ), ℓ = 1..L+1, of x^(ℓ) = σ(W_ℓ x^(ℓ-1) + b_ℓ); the last layer is affine.

    Shapes: W_ℓ is M_ℓ × M_{ℓ-1}, b_ℓ has length M_ℓ; any widths M_0..M_{L+1}.
    Raises ShapeError where consecutive layers do not fit, KindError for NaN or mixed exactness.

    >>> LayeredParameters(weights=([[1.0, 2.0]], [[3.0]]), biases=([0.5], [1.0])).widths
    (2, 1, 1)
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    coordinates: ClassVar[str] = "layers"

    def __post_init__(self) -> None:
        _require_layers(self.weights, self.biases, "LayeredParameters")
        weights, biases = _read(self.weights, "W", 2), _read(self.biases, "b", 1)
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True), start=1):
            if layer > 1:
                require_shape(weight, (weight.shape[0], weights[layer - 2].shape[0]), f"W_{layer}")
            require_shape(bias, (weight.shape[0],), f"b_{layer}")
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "biases", biases)
        self._require_one_arithmetic()

    @property
    def depth(self) -> int:
        """L, the number of hidden layers."""
        return len(self.weights) - 1

    @property
    def widths(self) -> tuple[int, ...]:
        """M_0, ..., M_{L+1}."""
        return (self.weights[0].shape[1], *(weight.shape[0] for weight in self.weights))


@dataclass(frozen=True, slots=True, eq=False)
class CumulativeParameters(_Parameters):
    """(W^(ℓ), b^(ℓ)), ℓ = 1..L+1: W^(ℓ) = W_ℓ ⋯ W_1, b^(ℓ) = W_ℓ b^(ℓ-1) + b_ℓ (theory A1).

    Shapes: W^(ℓ) is M_ℓ × M_0, b^(ℓ) has length M_ℓ. Raises ShapeError and KindError.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    coordinates: ClassVar[str] = "cumulative"

    def __post_init__(self) -> None:
        _require_layers(self.weights, self.biases, "CumulativeParameters")
        weights, biases = _read(self.weights, "cumulative W_", 2), _read(self.biases, "cumulative b_", 1)
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True), start=1):
            require_shape(weight, (weight.shape[0], weights[0].shape[1]), f"cumulative weight {layer}")
            require_shape(bias, (weight.shape[0],), f"cumulative bias {layer}")
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "biases", biases)
        self._require_one_arithmetic()

    @property
    def depth(self) -> int:
        """L, the number of hidden layers."""
        return len(self.weights) - 1


@dataclass(frozen=True, slots=True, eq=False)
class PulledBackParameters(_Parameters):
    """(W^(ℓ), β_ℓ), ℓ = 1..L+1, with β_ℓ = (W^(ℓ))^{-1} b^(ℓ): biases pulled back to input space (theory A6).

    Shapes: W^(ℓ) is Q × Q, β_ℓ has length Q. Raises ShapeError and KindError; a singular weight is found
    when it is inverted.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    coordinates: ClassVar[str] = "cumulative-bias"

    def __post_init__(self) -> None:
        _require_layers(self.weights, self.biases, "PulledBackParameters")
        weights, biases = _read(self.weights, "cumulative W_", 2), _read(self.biases, "beta", 1)
        dimension = weights[0].shape[1]
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True), start=1):
            require_shape(weight, (dimension, dimension), f"cumulative weight {layer}")
            require_shape(bias, (dimension,), f"beta_{layer}")
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "biases", biases)
        self._require_one_arithmetic()

    @property
    def depth(self) -> int:
        """L, the number of hidden layers."""
        return len(self.weights) - 1

    @property
    def dimension(self) -> int:
        """Q."""
        return int(self.weights[0].shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class PolarParameters(_Parameters):
    """W^(ℓ) = R̃_ℓᵀ W_*ℓ R̃_ℓ R_ℓ for ℓ ≤ L, any invertible W^(L+1), and β_1..β_{L+1}.

    ``stretches`` hold the diagonals of W_*ℓ (positive, length Q), ``rotations`` R_ℓ and ``frames`` R̃_ℓ are orthogonal;
    no frames means R̃_ℓ = 1, the adapted weights W^(ℓ) = W_*ℓ R_ℓ of theory A4. ``output`` holds W^(L+1) alone.
    Raises ShapeError, and KindError where a stretch is not positive or a rotation not orthogonal.

    >>> network = PolarParameters(stretches=([2.0],), rotations=([[-1.0]],), biases=([0.5], [0.0]), output=([[3.0]],))
    >>> network.depth, network.dimension, network.adapted
    (1, 1, True)
    """

    stretches: tuple[Array, ...]
    rotations: tuple[Array, ...]
    biases: tuple[Array, ...]
    output: tuple[Array, ...]
    frames: tuple[Array, ...] = ()
    coordinates: ClassVar[str] = "adapted"

    def __post_init__(self) -> None:
        groups = {
            "stretches": _read(self.stretches, "stretch", 1),
            "rotations": _read(self.rotations, "R", 2),
            "biases": _read(self.biases, "beta", 1),
            "output": _read(self.output, "output weight", 2),
            "frames": _read(self.frames, "frame", 2),
        }
        self._require_counts(groups)
        exact = require_one_arithmetic((a for group in groups.values() for a in group), "PolarParameters")
        dimension = groups["output"][0].shape[0]
        if not groups["frames"]:
            groups["frames"] = tuple(identity(dimension, exact) for _ in groups["rotations"])
        for name, group in groups.items():
            for layer, array in enumerate(group, start=1):
                require_shape(array, (dimension,) * array.ndim, f"entry {layer} of {name}")
                if name in ("rotations", "frames"):
                    require_orthogonal(array, f"entry {layer} of {name}")
                if name == "stretches" and not (array > 0).all():
                    raise KindError(f"entry {layer} of stretches must be positive; it is {array}")
            object.__setattr__(self, name, group)

    @staticmethod
    def _require_counts(groups: dict[str, tuple[Array, ...]]) -> None:
        depth = len(groups["rotations"])
        wanted = {"stretches": depth, "rotations": depth, "biases": depth + 1, "output": 1}
        if groups["frames"]:
            wanted["frames"] = depth
        for name, count in wanted.items():
            if len(groups[name]) != count:
                raise ShapeError(
                    f"PolarParameters with {depth} rotations needs {count} {name}; got {len(groups[name])} "
                    "(hidden layers 1..L; biases also for the output layer)"
                )

    @property
    def depth(self) -> int:
        """L, the number of hidden layers."""
        return len(self.rotations)

    @property
    def dimension(self) -> int:
        """Q."""
        return int(self.output[0].shape[0])

    @property
    def adapted(self) -> bool:
        """Whether every frame R̃_ℓ is 1, the assumption under which P_ℓ is an orthogonal projector (theory A4)."""
        return all((frame == identity(self.dimension, self.exact)).all() for frame in self.frames)


AnyParameters = LayeredParameters | CumulativeParameters | PulledBackParameters | PolarParameters
