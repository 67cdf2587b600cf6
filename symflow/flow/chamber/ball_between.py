"""Proofs in balls that no function vanishes between two events of a replay: no wall is met, and no slide ends.

What was proved of a segment is a statement on the true trajectory, and not on the course: it remains true where the
replay begins again with a higher precision.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain, starmap
from typing import Any

from symflow.errors import CertificateError
from symflow.flow.chamber.ball_bounds import OUT, above
from symflow.flow.chamber.ball_flow import BallFunction
from symflow.flow.chamber.ball_passing import ZERO
from symflow.flow.chamber.ball_patterns import BallPatterns
from symflow.flow.chamber.ball_pieces import pieces
from symflow.flow.chamber.ball_positive import BallCourse, stays_positive
from symflow.flow.chamber.ball_slides import BallSlide, End
from symflow.flow.chamber.ball_walls import NearWalls, Place


@dataclass(slots=True)
class Stretch:
    """A segment as the replay goes through it."""

    number: int
    course: BallCourse
    slide: BallSlide
    ends: dict[End, BallFunction]  # of the slide
    theta: list[float]
    crossed: set[Place]  # data at walls through the state
    left: set[Place]  # those that slid until the share of their own wall had a root
    where: str


class BetweenEvents:
    """The proofs so far, of the first ``done`` segments; ``taken`` and ``resting`` count as in ``BallCertificate``."""

    def __init__(self) -> None:
        self.done, self.taken = 0, 0
        self.resting: set[tuple[Any, ...]] = set()
        self.walls: NearWalls | None = None
        self.changed: set[int] = set()

    def begin_again(self) -> None:
        """The next segment is the first one again."""
        self.walls = None
        self.changed.clear()

    def change(self, data: set[int]) -> None:
        """These data have other patterns, or slide on other walls."""
        if self.walls is not None:
            self.changed |= data

    def prove(
        self, patterns: BallPatterns, stretch: Stretch, length: Any,
        causes: dict[Any, tuple[BallFunction, float]], late: float = 0.0,
    ) -> None:  # fmt: skip
        """No function vanishes before the event; causes are looked at up to times of their own."""
        if stretch.number < self.done:
            return
        if self.walls is None:
            self.walls = NearWalls(patterns, stretch.slide.held)
        for i in self.changed:
            self.walls.update(i, stretch.slide.held)
        self.changed.clear()
        end = above(length) * (1.0 + OUT) + late
        self._slide_goes_on(stretch, end, causes)
        self._no_wall_is_met(patterns, self.walls, stretch, end, causes)
        self.done += 1

    def _slide_goes_on(self, stretch: Stretch, end: float, causes: dict[Any, tuple[BallFunction, float]]) -> None:
        for key, function in stretch.ends.items():
            if function.rests(stretch.course.flow, ZERO):
                self.resting.add((*(stretch.slide.walls[wall] for wall in key.walls), key[1]))
            else:
                until = causes[key][1] if key in causes else end
                begin = 0.0
                if abs(function.value(stretch.course.flow.start)) < ZERO:  # it rested until now
                    self.taken += 1
                    begin = self._leaves_zero(stretch, function, touching=False)
                stays_positive(stretch.course, function, begin, until, stretch.where)

    def _no_wall_is_met(
        self, patterns: BallPatterns, walls: NearWalls, stretch: Stretch, end: float,
        causes: dict[Any, tuple[BallFunction, float]],
    ) -> None:  # fmt: skip
        done: set[Any] = set()
        for place in chain.from_iterable(starmap(walls.candidates, pieces(stretch.course, stretch.theta, end))):
            layer, i, k = place
            key = patterns.same_wall(i, layer, k)
            if key in done:
                continue
            done.add(key)
            function, until = causes[key] if key in causes else (patterns.kept(i, layer, k), end)
            begin = self._after_start(stretch, function, place)
            stays_positive(stretch.course, function, begin, until, stretch.where)

    def _after_start(self, stretch: Stretch, function: BallFunction, place: Place) -> float:
        """The time up to which a function is positive because it starts at zero and leaves it; 0 if it does not."""
        left, flow = place in stretch.left, stretch.course.flow
        if place not in stretch.crossed:
            if not abs(function.value(flow.start)) < ZERO:
                return 0.0
            self.taken += 1
        if (left or stretch.course.after_crossing(function) <= 0.0) and function.rests(flow, ZERO):
            self.taken += 1
            return math.inf
        return self._leaves_zero(stretch, function, touching=left)

    def _leaves_zero(self, stretch: Stretch, function: BallFunction, *, touching: bool) -> float:
        """The time up to which a function that starts at zero is positive; where ``touching`` with slope zero."""
        course = stretch.course
        free = 0.0 if touching else course.after_crossing(function)
        if free <= 0.0 and abs(function.slope(course.flow.velocity)) < ZERO:
            self.taken += not touching
            free = course.after_leaving(function)
        if free <= 0.0:
            raise CertificateError(f"{stretch.where}: a wall or a slide is not left to the side that the pattern says")
        return free - course.early
