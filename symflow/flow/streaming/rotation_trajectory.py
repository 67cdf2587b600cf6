"""What flows of moving weights over files return: the interfaces of those in memory, the data left where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.flow.given import Progress
from symflow.flow.rotation.problem import Problem
from symflow.flow.rotation.trajectories import Event, Piece, RotationTrajectory, Status, Trajectory
from symflow.flow.starts import AdaptedStart, GeneralStart
from symflow.flow.streaming.sources import Source, weights_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stream:
    """Where the data are, the mass of a datum of each class that has none of its own, and how they were read.

    ``begins`` (W,): when the windows began; ``passes`` over the data that were made.
    """

    source: Source
    masses: Floats
    begins: Floats
    passes: int


class _Streamed(Trajectory):
    """What both have in common."""

    def __init__(
        self, empty: Problem, pieces: list[Piece], events: list[Event], status: Status, message: str, evaluations: int,
        options: dict[str, Any], *, stream: Stream,
    ) -> None:  # fmt: skip
        super().__init__(empty, pieces, events, status, message, evaluations, options)
        self.begins, self.passes = stream.begins, stream.passes
        self._stream = stream

    @property
    def windows(self) -> int:
        """How many windows the flow was cut into."""
        return len(self.begins)

    def loss(self, times: ArrayLike) -> Floats:
        """C = ½⟨|z_L − ỹ|²⟩ (T,) at times in [0, end], without another pass over the data. Raises KindError.

        From the moments of all data where the step of the integrator began, less what it dissipated since (theory C10),
        which is as good as the step.
        """
        found = []
        for time in self._asked(times):
            piece = self._piece(time)
            since = 0.0
            if piece.step is not None and time > piece.start:
                since = float(piece.step.coordinates(min((time - piece.start) / piece.step.size, 1.0))[-1])
            found.append(piece.cost - since)
        return np.array(found)

    def _state(self, time: float) -> dict[str, Any]:
        """A start there, but for the weights of the layers; the data stay where they are."""
        source = self._stream.source
        return {
            "points": source.points, "labels": source.labels, "targets": self._problem.targets,
            "biases": self.bias([time])[0], "weights": weights_of(source, self._stream.masses),
        }  # fmt: skip


class StreamedRotationTrajectory(_Streamed, RotationTrajectory):
    """Trajectory of ``rotation_flow`` for data in files: ``begins`` of its windows, ``passes`` over the data."""

    def state(self, time: float) -> AdaptedStart:
        """Where the flow is at a time, as a start of ``rotation_flow``; the data stay where they are."""
        return AdaptedStart(rotations=self.rotation([time])[0], **self._state(time))

    def continued(self, t_max: float, *, progress: Progress | None = None) -> RotationTrajectory:
        """The same flow from the end of this one on, its time from 0 to ``t_max`` again."""
        from symflow.flow.rotation.rotations import rotation_flow

        return rotation_flow(**vars(self.state(self.end)), t_max=t_max, progress=progress, **self._options)


class StreamedGeneralTrajectory(_Streamed):
    """Trajectory of ``general_weight_flow`` for data in files: ``begins`` of its windows, ``passes`` over the data."""

    def state(self, time: float) -> GeneralStart:
        """Where the flow is at a time, as a start of ``general_weight_flow``; the data stay where they are."""
        return GeneralStart(cumulative=self.weight([time])[0], **self._state(time))
