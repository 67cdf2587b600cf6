"""A run in parts: what a part is told, and what it hands to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symflow.flow.rotation.equations import Parameters
from symflow.flow.rotation.sliding import Wall
from symflow.flow.rotation.trajectories import Event, Piece, Status


@dataclass(frozen=True, slots=True)
class Memory:
    """What a run had decided at its end: where it was, the patterns, the walls slid on, and those just met."""

    at: Parameters
    active: NDArray[np.bool_]
    sliding: NDArray[np.int16]
    walls: tuple[Wall, ...]
    fresh: dict[tuple[int, int, int], float]


@dataclass(slots=True)
class Outcome:
    """What the loop hands back; ``size`` is that of the step which would have been next."""

    pieces: list[Piece]
    events: list[Event]
    status: Status
    message: str
    evaluations: int
    memory: Memory | None
    size: float


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of a run: from a time on, its first step (0: to be found), and the length of path it may go."""

    begin: float = 0.0
    size: float = 0.0
    path: float = np.inf


class Exhausted(Exception):  # noqa: N818  # not an error: the leg ends here
    """The next step would go farther than the leg may."""
