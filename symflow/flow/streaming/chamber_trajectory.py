"""What a chamber flow over files returns: the interface of ``ChamberTrajectory``, the data left where they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symflow.errors import UnsupportedError
from symflow.flow.chamber.trajectory import ChamberTrajectory, grown, modes
from symflow.flow.starts import AdaptedStart
from symflow.flow.streaming.replacement import Replacement
from symflow.flow.streaming.scratch import Scratch
from symflow.flow.streaming.sources import Source, weights_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StreamedChamberTrajectory(ChamberTrajectory):
    """Trajectory of ``chamber_flow`` for data in files; ``problem`` holds no points.

    ``begins`` and ``costs`` (W,): where the windows began, and the loss there; ``passes`` over the data that were made.
    """

    begins: Floats = field(default_factory=lambda: np.zeros(0), repr=False)
    costs: Floats = field(default_factory=lambda: np.zeros(0), repr=False)
    passes: int = 0
    last: Replacement | None = field(default=None, repr=False)
    source: Source | None = field(default=None, repr=False)
    targets: Floats = field(default_factory=lambda: np.zeros((0, 0)), repr=False)  # (K, Q) at the start
    masses: Floats = field(
        default_factory=lambda: np.zeros(0), repr=False
    )  # (K,) of a class, where no weights are given
    scratch: Scratch | None = field(default=None, repr=False)  # holds the files of the log

    @property
    def windows(self) -> int:
        """How many windows the flow was cut into."""
        return len(self.begins)

    def state(self, time: float) -> AdaptedStart:
        """Where the flow is at a time, as a start of ``chamber_flow``; the data stay where they are."""
        source, given = self.source, self.problem
        assert source is not None
        weights = weights_of(source, self.masses)
        targets = self.targets - self.target_shift([time])[0]
        return AdaptedStart(source.points, source.labels, targets, self.bias([time])[0], given.rotations, weights)

    def loss(self, times: Any) -> Floats:
        """C = ½ Σ_i w_i |z_L(x_i) - ỹ_i|² at times (T,), without another pass over the data.

        In the last window from the data that stand for all; before that as what the flow still dissipates,
        C(t) = C(T) + ∫ |θ̇|² from t to the end T of the window (theory C10), a sum of positive terms.
        """
        when = np.atleast_1d(np.asarray(times, dtype=np.float64))
        theta = self.theta(when)
        window = np.searchsorted(self.begins, when, side="right") - 1
        result = np.empty(len(when))
        for place, (time, number) in enumerate(zip(when.tolist(), window.tolist(), strict=True)):
            if number == len(self.begins) - 1:
                result[place] = self._loss_of_last(theta[place])
            else:
                result[place] = self.costs[number + 1] + self._dissipated(time, float(self.begins[number + 1]))
        return result

    def pattern(self, index: int) -> NDArray[np.bool_]:
        """Raises UnsupportedError: the patterns of all data are as many as the data."""
        raise UnsupportedError(
            f"the pattern of segment {index} has an entry for every datum, and these data are not held in memory; "
            "take bias() at its begin, and apply the truncation maps to the data that you ask for"
        )

    def _loss_of_last(self, theta: Floats) -> float:
        assert self.last is not None
        problem = self.last.problem
        depth, width = problem.biases.shape
        # The targets of the last window have been shifted already by what the output bias had moved at its begin.
        shift = theta[depth * width :] - self._shift_of_last if self.problem.moving else np.zeros(width)
        z = problem.points
        for rotation, beta in zip(problem.rotations, theta[: depth * width].reshape(depth, width), strict=True):
            z = np.maximum((z + beta) @ rotation.T, 0.0) @ rotation - beta
        squares = ((z - problem.targets + shift) ** 2).sum(axis=1)
        return 0.5 * float(problem.weights @ squares) + self.last.constant

    @property
    def _shift_of_last(self) -> Floats:
        depth, width = self.problem.biases.shape
        return self.theta(self.begins[-1])[0, depth * width :]

    def _dissipated(self, begin: float, end: float) -> float:
        """∫ |θ̇|² between two times; each segment is a sum of exponentials."""
        log, count = self.log, int(self.log.counts[0])
        starts = log.begin[:count]
        first, last = np.searchsorted(starts, [begin, end], side="right") - 1
        rows = slice(int(first), int(last) + 1)
        since = np.maximum(begin, starts[rows]) - starts[rows]
        until = np.minimum(end, np.append(starts, np.inf)[1:][rows]) - starts[rows]
        rates, _, speeds = modes(log, rows)
        decayed = np.exp(-2.0 * rates * since[:, None])
        return float((speeds**2 * decayed * grown(2.0 * rates, (until - since)[:, None])).sum())
