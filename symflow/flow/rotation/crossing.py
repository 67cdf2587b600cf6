"""At an event: which walls meet there, what each combination of modes would mean, and the patterns from then on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from symflow.errors import LimitError
from symflow.flow.cones import Cone, Fan, cut, mode_of, whole_space
from symflow.flow.rotation.arrangements import lies_in_span
from symflow.flow.rotation.equations import Parameters
from symflow.flow.rotation.filippov import SLACK, Candidate, Mode, decide, multipliers
from symflow.flow.rotation.grouping import Patterns
from symflow.flow.rotation.problem import Floats
from symflow.flow.rotation.sliding import Left, Slides, Wall, normals
from symflow.flow.rotation.trajectories import Event, Kind

MOST_CHAMBERS = 512  # around one point; each takes about a millisecond
MOST_FACES = 500  # that are looked at closely, which takes up to ten milliseconds
CLEAR = 1e-3  # share of the speed at which a velocity leaves no doubt about its side


class Undecided(Exception):  # noqa: N818  # ends the run, is reported in its status
    """Filippov's conditions have no single answer."""


def walls_at(
    values: Floats, some: NDArray[np.intp], tolerance: float, patterns: Patterns, identity: NDArray[np.intp]
) -> list[Wall]:
    """The walls, other than those slid on, that the given data (n,) lie on; their values u (L, n, Q)."""
    found: list[Wall] = []
    remaining = (np.abs(values) <= tolerance) & (patterns.sliding[:, some] == 0)
    for layer, place, component in np.argwhere(remaining):
        if remaining[layer, place, component]:
            data = patterns.tied(int(layer), int(some[place]), identity)
            data = data[patterns.sliding[layer, data, component] == 0]
            remaining[layer, np.isin(some, data), component] = False
            found.append(Wall(int(layer), int(component), data))
    return found


class Meeting:
    """Walls that meet at a point, and what happens for each combination of modes."""

    def __init__(self, at: Parameters, met: list[Wall], slides: Slides, left: Left, identity: NDArray[np.intp]) -> None:
        """``left`` prescribes the modes of slides, by index, that have reached a bound, data by data."""
        self.at, self.slides, self.patterns, self.identity = at, slides, slides.patterns, identity
        self.walls: list[Wall] = []
        self.forced: list[Mode | None] = []
        self.before: list[Mode] = []
        for place, wall in enumerate(slides.walls):
            for data, forced in left.get(place) or slides.parts(place):
                for part in _split(Wall(wall.layer, wall.component, data), met):
                    self._add(part, "sliding", forced)
        for wall in met:
            active = self.patterns.active[wall.layer, wall.data[0], wall.component]
            for part in _split(wall, [*met, *slides.walls]):
                self._add(part, "active" if active else "truncated", None)
        self.data = np.unique(np.concatenate([wall.data for wall in self.walls]))
        everywhere = [(wall.layer, datum) for wall in self.walls for datum in wall.data.tolist()]
        self.layered = len({datum for _, datum in everywhere}) < len(set(everywhere))
        self.speed = 0.0

    def _add(self, wall: Wall, before: Mode, forced: Mode | None) -> None:
        self.walls.append(wall)
        self.before.append(before)
        self.forced.append(forced)

    def decide(self, time: float) -> tuple[list[Event], Slides]:
        """Set the patterns by the modes that satisfy Filippov's conditions; raises Undecided if they are not unique."""
        flipped: dict[Mode, Mode] = {"active": "truncated", "truncated": "active", "sliding": "sliding"}
        preferred = [mode or flipped[old] for mode, old in zip(self.forced, self.before, strict=True)]
        unique = self._has_one_solution()
        existing = None if unique else self._faces()
        verdict = decide(self.evaluate, self.forced, preferred, unique, existing)
        if verdict.modes is None:
            places = ", ".join(f"layer {w.layer} component {w.component} data {_few(w.data)}" for w in self.walls)
            raise Undecided(f"{verdict.reason}; walls: {places}")
        events = self._events(time, verdict.modes)
        return events, self._adopt(verdict.modes)

    def _has_one_solution(self) -> bool:
        """Whether the jumps add and every one opposes its wall, with gradients in general position."""
        if self.layered or any(mode is not None for mode in self.forced):
            return False
        trial = self._adopt(tuple("sliding" for _ in self.walls))
        gradients = trial.normals(self.at)
        lengths = np.linalg.norm(gradients, axis=1)
        independent = np.linalg.matrix_rank(gradients / lengths[:, None], tol=1e-8) == len(gradients)
        return bool(independent and (trial.strengths(self.at) > 0).all())

    def _faces(self) -> list[tuple[Mode, ...]]:
        """The combinations that exist, but for those that the flow leaves at once; raises Undecided if too many."""
        try:
            fan = self._fan()
            faces = list(itertools.islice(fan.faces(lambda number: self._pull(fan.cones[number])), MOST_FACES + 1))
        except LimitError as error:
            raise Undecided(str(error)) from None
        if len(faces) > MOST_FACES:
            raise Undecided(f"more than {MOST_FACES} ways to go on")
        names: dict[int, Mode] = {-1: "truncated", 0: "sliding", 1: "active"}
        return [tuple(names[mode_of(face, place)] for place in range(len(self.walls))) for face in faces]

    def _fan(self) -> Fan:
        """The chambers around, wall after wall; the gradient of one depends on the sides of earlier layers."""
        parts = [whole_space(self.at.biases.size + self.at.weights.size)]
        for place in sorted(range(len(self.walls)), key=lambda place: self.walls[place].layer):
            wall = self.walls[place]
            earlier = [
                other
                for other, bends in enumerate(self.walls)
                if bends.layer < wall.layer and (bends.data == wall.data[0]).any()
            ]
            gradients: dict[tuple[int, ...], Floats] = {}
            following: list[Cone] = []
            for cone in parts:
                sides = tuple(cone.active >> other & 1 for other in earlier)
                if sides not in gradients:
                    for other, side in zip(earlier, sides, strict=True):
                        bends = self.walls[other]
                        self.patterns.active[bends.layer, bends.data, bends.component] = side == 1
                    gradients[sides] = self._normals([place])[0]
                following += [part for part, _ in cut(cone, gradients[sides], place)]
            if len(following) > MOST_CHAMBERS:
                raise LimitError(f"more than {MOST_CHAMBERS} chambers meet at once")
            parts = following
        return Fan(len(self.walls), tuple(parts))

    def _pull(self, cone: Cone) -> tuple[Floats, float]:
        """The velocity in a chamber, and what speed leaves no doubt about its side."""
        modes: list[Mode] = ["active" if cone.active >> place & 1 else "truncated" for place in range(len(self.walls))]
        velocity = self._adopt(tuple(modes)).chamber_velocity(self.at)
        return velocity, CLEAR * float(np.linalg.norm(velocity))

    def _normals(self, places: Iterable[int]) -> Floats:
        walls = [self.walls[place] for place in places]
        return normals(walls, self.slides.everything, self.patterns, self.at, self.slides.group)

    def evaluate(self, modes: tuple[Mode, ...]) -> Candidate | None:
        """Margins of a combination; None where tied data would have different modes, or walls are not independent."""
        trial = self._adopt(modes)
        if not self._ties_agree(modes):
            return None
        velocity = trial.chamber_velocity(self.at)
        self.speed = max(self.speed, float(np.linalg.norm(velocity)), 1e-300)
        if trial.walls:
            gradients = trial.normals(self.at)
            lengths = np.linalg.norm(gradients, axis=1)
            if np.linalg.matrix_rank(gradients / lengths[:, None], tol=1e-8) < len(gradients):
                return None
            velocity = velocity + multipliers(gradients, velocity) @ gradients
        margins: list[float] = []
        rest = [place for place, mode in enumerate(modes) if mode != "sliding"]
        if rest:
            outward = self._normals(rest)
            if trial.walls and lies_in_span(outward, gradients):
                return None  # this wall is met wherever those are slid on: it has no side
            rates = outward @ velocity / (np.linalg.norm(outward, axis=1) * self.speed)
            for place, rate in zip(rest, rates, strict=True):
                # A wall that is left at the end of a slide is left with rate zero: that is why its mode is prescribed.
                if self.forced[place] is None:
                    margins.append(float(rate if modes[place] == "active" else -rate))
        if trial.walls and min(margins, default=0.0) >= -SLACK:  # otherwise it is out already
            margins.append(trial.room(self.at))
        return Candidate(velocity / self.speed, np.array(margins))

    def _ties_agree(self, modes: tuple[Mode, ...]) -> bool:
        for place, wall in enumerate(self.walls):
            for other in range(place):
                second = self.walls[other]
                if modes[place] != modes[other] and self._tied(wall, second):
                    return False
        return True

    def _tied(self, wall: Wall, other: Wall) -> bool:
        """Whether two walls are one, with the patterns as they are."""
        if (wall.layer, wall.component) != (other.layer, other.component):
            return False
        return bool((self.patterns.tied(wall.layer, int(wall.data[0]), self.identity) == other.data[0]).any())

    def _adopt(self, modes: tuple[Mode, ...]) -> Slides:
        patterns = self.patterns
        for wall, mode in zip(self.walls, modes, strict=True):
            patterns.active[wall.layer, wall.data, wall.component] = mode == "active"
        kept: list[Wall] = []
        for wall, mode in zip(self.walls, modes, strict=True):
            number = 0
            if mode == "sliding":
                number = self._join(wall, kept)
            patterns.sliding[wall.layer, wall.data, wall.component] = number
        patterns.refresh(self.data)
        return Slides(self.slides.group, patterns, self.slides.everything, kept)

    def _join(self, wall: Wall, kept: list[Wall]) -> int:
        """Number of the wall among those kept, one with the data tied to it."""
        for place, other in enumerate(kept):
            if self._tied(wall, other):
                kept[place] = Wall(wall.layer, wall.component, np.union1d(other.data, wall.data))
                return place + 1
        kept.append(wall)
        return len(kept)

    def _events(self, time: float, modes: tuple[Mode, ...]) -> list[Event]:
        events: list[Event] = []
        for wall, old, new in zip(self.walls, self.before, modes, strict=True):
            if old != new:
                kind: Kind = "slides" if new == "sliding" else "leaves" if old == "sliding" else "crosses"
                data = tuple(int(datum) for datum in wall.data)
                events.append(Event(float(time), kind, wall.layer, wall.component, data, new == "active"))
        return events


def _split(wall: Wall, met: list[Wall]) -> list[Wall]:
    """Parts of a wall: data that are at a wall of a lower layer may part from the others."""
    parts = [wall.data]
    for other in met:
        if other.layer < wall.layer:
            parts = [
                piece
                for part in parts
                for piece in (np.setdiff1d(part, other.data), np.intersect1d(part, other.data))
                if len(piece)
            ]
    return [Wall(wall.layer, wall.component, part) for part in parts]


def _few(data: NDArray[np.intp]) -> str:
    shown = ", ".join(str(datum) for datum in data[:5])
    return shown if len(data) <= 5 else f"{shown} and {len(data) - 5} more"
