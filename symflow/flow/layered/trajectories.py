"""What a layered flow returns: the layers at any time, their image in cumulative parameters, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.errors import KindError, UnsupportedError
from symflow.flow.given import Progress, read_asked_times
from symflow.flow.layered.systems import Floats, System
from symflow.flow.starts import LayeredStart
from symflow.flow.streamed_arrays import StreamedData
from symflow.network import LabelledData, LayeredParameters, PulledBackParameters

Kind = Literal["crosses", "slides", "leaves"]
Status = Literal["finished", "at rest", "unresolved", "cut"]


@dataclass(frozen=True, slots=True)
class WallEvent:
    """At ``time`` a datum crosses a wall, begins to slide on it, or leaves it after sliding.

    Layer from 1, datum and component from 0. ``active``: whether it is active from then on (while sliding: False).
    """

    time: float
    kind: Kind
    layer: int
    datum: int
    component: int
    active: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """The state between two times."""

    begin: float
    end: float
    state: Callable[[float], Floats]


@dataclass(frozen=True, eq=False)
class LayeredTrajectory:
    """A training run on [0, end]. Methods take times (T,) in there and raise KindError for others.

    ``status``: "finished" (t_max reached), "at rest" (the velocity vanished; constant up to t_max), "unresolved"
    (the run ends before t_max; ``message`` says why). Widths are M_0..M_{L+1}; lists have L + 1 entries, one a
    layer. For gradient descent the steps are joined by straight lines.
    """

    system: System
    pieces: tuple[Piece, ...] = field(repr=False)
    events: tuple[WallEvent, ...] = field(repr=False)
    status: Status
    message: str
    original: bool  # θ holds the layers; else the cumulative parameters
    data: LabelledData | StreamedData = field(repr=False)
    follow: Callable[[float, Progress | None], LayeredTrajectory] = field(repr=False)
    follow_effective: Callable[[], LayeredTrajectory] | None = field(repr=False)

    @property
    def end(self) -> float:
        """The last time that was reached."""
        return self.pieces[-1].end

    def state(self, time: float) -> LayeredStart:
        """Where the run is at a time in [0, end], as a start of ``layered_flow``. Raises KindError for other times."""
        weights, biases = self.system.split(self._states([time])[0])
        network = LayeredParameters if self.original else PulledBackParameters
        return LayeredStart(network(tuple(weights), tuple(biases)), self.data)

    def continued(self, t_max: float, *, progress: Progress | None = None) -> LayeredTrajectory:
        """The same run from the end of this one on, its time from 0 to ``t_max`` again; it knows which data slide."""
        return self.follow(t_max, progress)

    def parameters(self, times: ArrayLike) -> Floats:
        """All parameters that flow, (T, n): the weights row by row, then the biases, as in ``system``."""
        return self._states(times)

    def weights(self, times: ArrayLike) -> list[Floats]:
        """W_1..W_{L+1}, each (T, M_ℓ, M_{ℓ-1})."""
        weights, _ = self.system.split(self._states(times))
        if self.original:
            return weights
        below = [np.broadcast_to(np.eye(self.system.widths[0]), weights[0].shape), *weights[:-1]]
        return [weight @ np.linalg.inv(under) for weight, under in zip(weights, below, strict=True)]

    def biases(self, times: ArrayLike) -> list[Floats]:
        """b_1..b_{L+1}, each (T, M_ℓ)."""
        if self.original:
            return self.system.split(self._states(times))[1]
        weights, found = self.weights(times), self.cumulative_bias(times)
        below = [np.zeros_like(found[0]), *found[:-1]]
        return [b - _apply(W, under) for W, b, under in zip(weights, found, below, strict=True)]

    def cumulative_weight(self, times: ArrayLike) -> list[Floats]:
        """W^(ℓ) = W_ℓ ⋯ W_1 (theory A1), each (T, M_ℓ, M_0)."""
        weights, _ = self.system.split(self._states(times))
        return _products(weights) if self.original else weights

    def cumulative_bias(self, times: ArrayLike) -> list[Floats]:
        """b^(ℓ) = W_ℓ b^(ℓ-1) + b_ℓ (theory A1), each (T, M_ℓ)."""
        weights, biases = self.system.split(self._states(times))
        if not self.original:
            return [_apply(weight, beta) for weight, beta in zip(weights, biases, strict=True)]
        found = [biases[0]]
        for weight, bias in zip(weights[1:], biases[1:], strict=True):
            found.append(_apply(weight, found[-1]) + bias)
        return found

    def pulled_back_bias(self, times: ArrayLike) -> Floats:
        """β_ℓ = (W^(ℓ))^{-1} b^(ℓ), (T, L + 1, Q). Raises UnsupportedError unless all widths are Q."""
        self._require_one_width()
        if not self.original:
            return np.stack(self.system.split(self._states(times))[1], axis=1)
        pairs = zip(self.cumulative_weight(times), self.cumulative_bias(times), strict=True)
        return np.stack([np.linalg.solve(weight, bias[..., None])[..., 0] for weight, bias in pairs], axis=1)

    def loss(self, times: ArrayLike) -> Floats:
        """The cost, (T,), with ReLU itself."""
        return np.array([self.system.cost(state) for state in self._states(times)])

    @cached_property
    def effective(self) -> LayeredTrajectory:
        """The effective flow, in (W^(ℓ), β_ℓ), from the same start (theory B2, B7-B9), integrated when first asked for.

        Raises UnsupportedError unless all widths are Q.
        """
        self._require_one_width()
        return self if self.follow_effective is None else self.follow_effective()

    def _require_one_width(self) -> None:
        if len(set(self.system.widths)) > 1:
            raise UnsupportedError(
                f"biases are pulled back where all layers have one width; these have {self.system.widths}"
            )

    def _states(self, times: ArrayLike) -> Floats:
        wanted = read_asked_times(times)
        if wanted.ndim != 1:
            raise KindError(f"times must be a list of numbers, one axis; this has shape {wanted.shape}")
        inside = wanted <= self.end
        if not inside.all():
            raise KindError(
                f"times must lie between 0 and {self.end}, where the run ends ({self.status}); got {wanted[~inside][0]}"
            )
        places = np.searchsorted(self._begins, wanted, side="right") - 1
        return np.array([self.pieces[place].state(time) for place, time in zip(places, wanted.tolist(), strict=True)])

    @cached_property
    def _begins(self) -> NDArray[np.float64]:
        return np.array([piece.begin for piece in self.pieces])


def _products(weights: list[Floats]) -> list[Floats]:
    found = [weights[0]]
    for weight in weights[1:]:
        found.append(weight @ found[-1])
    return found


def _apply(matrices: Floats, vectors: Floats) -> Floats:
    """Mv for each pair."""
    return np.asarray((matrices @ vectors[..., None])[..., 0])
