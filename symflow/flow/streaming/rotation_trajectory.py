"""What a rotation flow over files returns: the interface of ``RotationTrajectory``, the data left where they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.flow.given import Progress
from symflow.flow.rotation.problem import Problem
from symflow.flow.rotation.trajectories import Event, Piece, RotationTrajectory, Status
from symflow.flow.starts import AdaptedStart
from symflow.flow.streaming.sources import Source, weights_of

Floats = NDArray[np.float64]


class StreamedRotationTrajectory(RotationTrajectory):
    """Trajectory of ``rotation_flow`` for data in files.

    ``begins`` (W,): when the windows began; ``passes`` over the data that were made.
    """

    def __init__(
        self, empty: Problem, pieces: list[Piece], events: list[Event], status: Status, message: str, evaluations: int,
        options: dict[str, Any], *, source: Source, targets: Floats, masses: Floats, begins: Floats, passes: int,
    ) -> None:  # fmt: skip
        super().__init__(empty, pieces, events, status, message, evaluations, options)
        self.begins, self.passes = begins, passes
        self._source, self._goals, self._masses = source, targets, masses

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

    def state(self, time: float) -> AdaptedStart:
        """Where the flow is at a time, as a start of ``rotation_flow``; the data stay where they are."""
        source = self._source
        return AdaptedStart(
            source.points, source.labels, self._goals, self.bias([time])[0], self.rotation([time])[0],
            weights_of(source, self._masses),
        )  # fmt: skip

    def continued(self, t_max: float, *, progress: Progress | None = None) -> RotationTrajectory:
        """The same flow from the end of this one on, its time from 0 to ``t_max`` again."""
        from symflow.flow.rotation.rotations import rotation_flow

        return rotation_flow(**vars(self.state(self.end)), t_max=t_max, progress=progress, **self._options)
