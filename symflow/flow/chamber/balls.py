"""Event times isolated in ball arithmetic: a replay of a trajectory in which every inequality is proved.

The replay takes from the trajectory only which data change at which event, and about when. Everything else is computed
anew in python-flint balls. The exact data of the replay are the floats that were given, except that a rotation stands
for an orthogonal matrix next to it.

Balls that are carried from event to event grow, component by component, with the condition of every map that they pass
through. Here a *course* y(t) of exact points is followed instead, in numbers of fixed precision, and one radius with

    |θ(t) - y(t)| <= r   at equal times t,

where θ is the true trajectory. What r does:

- In a chamber both follow θ' = Π(c - Hθ), H symmetric and positive semidefinite, Π the projection onto the sliding
  walls, of which θ has no distance and y one of δ: d|θ - y|/dt <= |H| δ. So r grows by |H| δ for the time of the
  segment, and by what was rounded off; δ is roundoff itself.
- y passes to the next chamber at a time T where f(y) is roundoff, f the function that vanishes; θ does at the one root
  of f(θ(t)) within ρ of T. For |f(θ) - f(y)| <= |∇f| r along the chamber, with slope |f'(y)| >= σ,

      ρ = (|f(y(T))| + |∇f| r) / (σ - |∇f| (|H| r + |θ''| ρ)).

- While |t - T| <= ρ the two may be in different chambers: ``ball_passing`` bounds what that adds.
- A projection of y onto the next sliding walls moves it by what f(y) was: roundoff.

Thus r grows by more than roundoff only where a wall speeds the flow up, by a factor next to the ratio of the speeds at
which it is left and met: one datum of many changes it by little. A precision that is the same for all events will do;
if not, the replay begins again with a higher one, and what was proved remains proved. That no other root comes earlier
is shown by ``ball_between``, with ``ball_walls`` (floats with room for roundoff) and, for what is closer than that,
``ball_positive``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np

from symflow.errors import CertificateError
from symflow.flow.chamber.ball_between import BetweenEvents, Stretch
from symflow.flow.chamber.ball_bounds import OUT, above, column_of, floats, norm, spill
from symflow.flow.chamber.ball_flow import BallFunction, flow_from
from symflow.flow.chamber.ball_passing import LONGER, Passing, TooCoarseError, isolate_root, meet
from symflow.flow.chamber.ball_patterns import BallPatterns
from symflow.flow.chamber.ball_positive import BallCourse
from symflow.flow.chamber.ball_slides import BallSlide, Edge, Share
from symflow.flow.chamber.ball_walls import Place
from symflow.flow.chamber.trajectory import ChamberTrajectory, Segment

PRECISIONS = (128, 256, 512)
COARSE = 2.0**-50  # of r and ρ: beyond this the replay needs a higher precision
TIME = 1e-10  # an event time may differ from the replay by this share of it,
ROUNDOFF = 2.0**-40  # and by this share of θ over the speed at which the wall is met
STATE = 1e-9  # θ and θ' at the start of a segment may differ by this share of the sizes of their summands


@dataclass(frozen=True, slots=True)
class BallCertificate:
    """What was proved of the trajectory of the given floats, up to the time ``until``.

    From its start pattern on it passes exactly the given events in the given order, each at one time, which is isolated
    to within ``time_radius``; between two events every preactivation that is not slid on keeps its sign, and every
    share of a sliding wall stays inside (0, 1). At all these times it is within ``state_radius`` of points from which
    θ of the trajectory at its events is not farther than ``state_error``.

    Not proved: that it is the only one where several are possible (the statuses say so); what the numbers below count.
    """

    events: int
    bits: int
    time_error: float  # largest difference of an event time from the replay
    state_error: float  # largest difference of an entry of θ at an event from the replay, absolute
    time_radius: float  # widest isolating interval: an event is within this of the time of the replay
    state_radius: float  # largest Euclidean distance of the true trajectory from the replay
    until: float  # the end, or the last event where the trajectory ends with a verdict
    taken_as_zero: int  # values that vanish to within 2^-70 and are taken for zero: walls through the start, walls that
    # are met together, walls at rest
    resting_shares: int  # shares that stay at 0 or 1, and edges at 0, to within 2^-70, as if frozen (theory C5)


def isolate_events(trajectory: ChamberTrajectory) -> BallCertificate:
    """Replay a trajectory in ball arithmetic.

    Raises:
        CertificateError: an event could not be isolated, or another one may come before it.

    >>> from symflow.flow import chamber_flow
    >>> flow = chamber_flow([[-1.0], [0.0]], [0, 1], [[2.0], [-3.0]], [[0.5]], [[[1.0]]], t_max=10.0)
    >>> certificate = isolate_events(flow)
    >>> certificate.events, certificate.time_radius < 1e-35, certificate.taken_as_zero
    (1, True, 0)
    """
    before, between = flint.ctx.prec, BetweenEvents()
    try:
        for bits in PRECISIONS:
            flint.ctx.prec = bits
            try:
                return _Replay(trajectory, bits, between).run()
            except TooCoarseError:
                if bits == PRECISIONS[-1]:
                    raise
    finally:
        flint.ctx.prec = before
    raise AssertionError


class _Replay:
    """The course from event to event."""

    slide: BallSlide  # of the segment

    def __init__(self, trajectory: ChamberTrajectory, bits: int, between: BetweenEvents) -> None:
        self.trajectory, self.bits, self.between = trajectory, bits, between
        between.begin_again()
        self.far = 1.0 + float(np.sqrt((trajectory.problem.points**2).sum(axis=1)).max())
        self.segments = trajectory.segments
        self.patterns = BallPatterns(trajectory.problem, trajectory.start_pattern)
        self.time, self.state = flint.arb(0), column_of(trajectory.problem.start.tolist())
        self.radius, self.early, self.widest, self.largest = 0.0, 0.0, 0.0, 0.0
        self.passing: Passing | None = None  # how the chamber before was left
        self.crossed: set[Place] = set()  # data at walls through the state
        self.left: set[Place] = set()  # those that slid until the share of their own wall had a root
        self.off = 0.0  # how far the course may be from the walls that are slid on
        self.taken = 0
        self.met: list[tuple[Any, list[float], list[float], float]] = []  # of every segment: t, θ, θ', its size

    def run(self) -> BallCertificate:
        """All segments."""
        over, last, until = self.trajectory.status in {"horizon", "equilibrium"}, len(self.segments) - 1, 0.0
        for index, segment in enumerate(self.segments):
            where = f"segment {index}, from t = {segment.begin:.12g}"
            self._enter(segment, where)
            stretch = self._stretch(segment, index, where)
            until = float(self.time)
            if index < last:
                self._pass(segment, self.segments[index + 1], stretch)
            elif over:
                self.between.prove(self.patterns, stretch, flint.arb(segment.end) - self.time, {})
                until = segment.end
        time_error, state_error = self._compare()
        return BallCertificate(
            max(last, 0), self.bits, time_error, state_error, self.widest, self.largest, until,
            self.taken + self.between.taken, len(self.between.resting),
        )  # fmt: skip

    def _enter(self, segment: Segment, where: str) -> None:
        """Change the patterns and the sliding walls."""
        if not self.met:
            self.slide = BallSlide(self.patterns, segment.sliding, where)
            self.taken += len(self.slide.held) + self.slide.taken
            return
        self.patterns.change(segment.changes)
        changed, before = {change.datum for change in segment.changes}, self.slide.held
        if not self.slide.goes_on(segment.sliding, changed):
            self.slide = BallSlide(self.patterns, segment.sliding, where)
            self.taken += self.slide.taken
            changed |= {i for _, i, _ in self.slide.held ^ before}
        self.between.change(changed)

    def _stretch(self, segment: Segment, index: int, where: str) -> Stretch:
        """The flow of the segment from the state; the radius after the change of chambers."""
        slide = self.slide
        state, moved, off = slide.project(self.state)
        flow = flow_from(state, slide.generator(), slide.velocity(state))
        stiffness = above(self.patterns.H.trace())
        if self.passing is not None:
            if not (stiffness + self.passing.stiffness) * self.early < 0.125:
                raise TooCoarseError(f"{where}: its begin is not isolated well enough")
            self.radius = self.passing.radius_after(self.radius, self.early, flow, stiffness, moved, off)
        else:
            self.radius += moved
        duration = max(0.0, segment.end - float(self.time)) + LONGER
        self.radius += stiffness * off * duration * (1.0 + OUT)
        if not self.radius < COARSE:
            raise TooCoarseError(f"{where}: the trajectory is known to within {self.radius:.1e} only")
        self.off = off
        self.state, self.largest = state, max(self.largest, self.radius)
        theta, rates = floats(state), floats(flow.velocity)
        size = stiffness * (1.0 + math.hypot(*theta)) + norm(self.patterns.c)
        self.met.append((self.time, theta, rates, size))
        course = BallCourse(flow, stiffness, self.radius, self.early)
        ends = slide.ends() if slide.walls else {}
        return Stretch(index, course, slide, ends, theta, self.crossed, self.left, where)

    def _pass(self, segment: Segment, following: Segment, stretch: Stretch) -> None:
        """Isolate the event that ends the segment, and go there."""
        course, where = stretch.course, stretch.where
        flow = course.flow
        about = (flint.arb(segment.end) - self.time).mid()
        if not about > 0:
            raise CertificateError(f"{where}: it has no length, so that its events are not one after another")
        state, error = flow.at(about)
        velocity = flow.velocity_at(state)
        held, later = self.slide.held, self._held_in(following)
        gone = held - later if later is not held else set()  # places that slide no longer
        causes, places = self._causes(segment, following, stretch, state, velocity, later, gone)
        first = next(iter(causes.values()))
        step, ball, error = meet(flow, first, about, state, error)
        self._compare_time(segment, first, velocity, step - about, where)
        arrived = ball.mid()
        error += spill(ball)
        arriving = flow.velocity_at(arrived)
        radius = (course.radius + error) * (1.0 + OUT)  # from the trajectory, in this chamber, to where the course goes
        until: dict[int, float] = {}
        early = 0.0
        for function in causes.values():
            steep, wide = isolate_root(course, function, arrived, arriving, error, radius, where)
            until[id(function)] = steep
            early = max(early, wide)
        length = float(step) * (1.0 + OUT) + early
        if not float(step) > 2.0 * (early + self.early):
            raise TooCoarseError(f"{where}: its two events are not told apart")
        met = {key: (function, length - until[id(function)]) for key, function in causes.items()}
        self.between.prove(self.patterns, stretch, step, met, early)
        self.time, self.state = self.time + step, arrived
        slide, wall = self.slide, None
        if len(causes) == 1 and not gone and not isinstance(next(iter(causes)), (Share, Edge)):
            row = first.row * slide.onto if slide.walls else first.row
            wall = BallFunction(row, first.offset, first.size)
        self.radius, self.early = radius, early
        value = above(first.value(arrived)) + first.size * (error + self.off)
        self.passing = Passing(arriving, flow.speed + flow.size * error, course.stiffness, wall, value)
        self.widest = max(self.widest, early + float(self.time.rad()) * (1.0 + OUT))
        self.crossed, self.left = places

    def _held_in(self, segment: Segment) -> set[Place]:
        if segment.sliding == self.slide.walls:
            return self.slide.held
        return {(wall.layer - 1, i, wall.component) for wall in segment.sliding for i in wall.data}

    def _compare_time(self, segment: Segment, function: BallFunction, velocity: Any, delta: Any, where: str) -> None:
        """Refuse the time that the trajectory gives an event if it is wrong by more than roundoff."""
        far = self.far + max(map(abs, segment.theta.tolist()))
        speed = max(-float(function.slope(velocity)), 1e-300)
        allowed = TIME * segment.end + ROUNDOFF * far * function.size / speed
        if not above(delta) <= min(allowed, 0.5 * LONGER):
            raise CertificateError(f"{where}: the event at its end, {segment.end:.12g}, is {float(delta):.2e} later")

    def _causes(
        self, segment: Segment, following: Segment, stretch: Stretch, state: Any, velocity: Any,
        later: set[Place], gone: set[Place],
    ) -> tuple[dict[Any, BallFunction], tuple[set[Place], set[Place]]]:  # fmt: skip
        """The functions that vanish at the event, by a key, and the data that are then at walls, or have left one."""
        slide, held = self.slide, self.slide.held
        changed = {(c.layer - 1, c.datum, c.component) for c in following.changes}
        now_active = {(c.layer - 1, c.datum, c.component): c.active for c in following.changes}
        causes: dict[Any, BallFunction] = {}
        joining = self._joining(following)
        for place in sorted(((changed | joining) - held) | (later - held if later is not held else set())):
            layer, i, k = place
            key = self.patterns.same_wall(i, layer, k)
            if key not in causes:
                causes[key] = self.patterns.kept(i, layer, k)
        released = {Share(slide.number[place], now_active.get(place, False)) for place in gone}
        off = {share.wall for share in released}
        own: set[int] = set()
        for key, function in stretch.ends.items():
            value, slope = float(function.value(state)), float(function.slope(velocity))
            if slope < 0.0 and abs(value) <= -slope * TIME * (1.0 + segment.end) * 10.0:
                if key in released if isinstance(key, Share) else not off.isdisjoint(key.walls):
                    own.update(key.walls)
                causes[key] = function  # or it comes to rest as another one ends
        if not causes:
            raise CertificateError(f"{stretch.where}: no wall passes through zero at its end, t = {segment.end:.12g}")
        if len(causes) > 1:
            self.taken += len(causes) - 1
        crossed = ((changed | joining) - later) | gone
        left = {place for place in gone if slide.number[place] in own}
        return causes, (crossed, left if len(causes) == 1 else set())

    def _joining(self, following: Segment) -> set[Place]:
        """Where data come to data that slide: their preactivations vanish at the event, whatever they do behind it."""
        if not self.slide.shared:
            return set()
        paths = {i: self.patterns.path(pattern) for i, pattern in self.patterns.changed(following.changes).items()}
        return {
            (layer, i, k) for i, path in paths.items()
            for node in path for layer, k in self.slide.shared.get(node, ())
        }  # fmt: skip

    def _compare(self) -> tuple[float, float]:
        """Largest differences of times and states from those of the trajectory, refused where they are no roundoff."""
        if not self.met:
            return 0.0, 0.0
        theta = np.array([state for _, state, _, _ in self.met])
        velocity = np.array([rates for _, _, rates, _ in self.met])
        size = np.array([size for _, _, _, size in self.met])
        given = np.array([segment.theta for segment in self.segments])
        moving = np.array([segment.directions @ segment.velocity for segment in self.segments])
        state_error = np.abs(theta - given).max(axis=1)
        wrong = ~(state_error <= STATE * (1.0 + np.abs(theta).max(axis=1)))
        wrong |= ~(np.abs(velocity - moving).max(axis=1) <= STATE * size)
        if wrong.any():
            index = int(wrong.argmax())
            raise CertificateError(f"segment {index}: its state or velocity is not that of the replay")
        times = [abs(float(time - flint.arb(s.begin))) for (time, *_), s in zip(self.met, self.segments, strict=True)]
        return max(times), float(state_error.max())
