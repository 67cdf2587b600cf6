"""A chamber flow beside flows of smoothed networks, as the smoothing goes to zero.

Smoothed networks tend to a trajectory that is the only one, uniformly in time: their distance falls like the width of
the smoothing as a rule, and like its root in the worst case seen. A flow that takes another way keeps its distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from symflow.flow.chamber import ChamberTrajectory
from tests.flows.smoothed import smoothed_biases

WIDTHS = (1e-2, 1e-3, 1e-4, 1e-5)
NARROWER = (1e-6, 1e-7)  # where those do not say it yet
TIMES = 8
NEAR = 2e-4  # the last distance
SHRINKS = 0.5  # from the last but one, at least by this factor
SOLVED = 1e-6  # what the solver's tolerances leave


@dataclass(frozen=True)
class Comparison:
    """The largest distance of β at some times, for each width."""

    widths: tuple[float, ...]
    distances: tuple[float, ...]

    @property
    def agrees(self) -> bool:
        """Whether the distance is small at the end, and goes on shrinking."""
        before, last = self.distances[-2:]
        return last <= SOLVED or (last <= NEAR and last <= SHRINKS * before)

    def __str__(self) -> str:
        return ", ".join(f"{d:.1e} at {w:.0e}" for w, d in zip(self.widths, self.distances, strict=True))


def compare(problem: dict[str, Any], flow: ChamberTrajectory) -> Comparison:
    """The flow of a problem, up to where it ends, beside smoothed networks."""
    times = np.linspace(0.0, flow.t_end, TIMES + 1)[1:]
    beta = flow.bias(times)
    distances: list[float] = []
    found = Comparison((), ())
    for width in (*WIDTHS, *NARROWER):
        distances.append(float(np.abs(smoothed_biases(problem, times, width) - beta).max()))
        found = Comparison((*found.widths, width), tuple(distances))
        if len(distances) >= len(WIDTHS) and found.agrees:
            break
    return found
