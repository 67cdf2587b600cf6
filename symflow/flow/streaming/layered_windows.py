"""The flow and the descent of the layers for data that do not fit into memory, window by window.

Each window takes one pass over the data (``nearest``): it keeps those that could meet a wall soonest, and of all others
a few data in their place (``stand_ins``), which tell gradients exactly as long as the parameters stay so near that no
other datum can meet a wall. The next pass counts how many data have which pattern; that this agrees with what the
window says of all of them is checked each time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from symflow.errors import LimitError, UndefinedError
from symflow.flow.layered.descent import Descent
from symflow.flow.layered.integration import Bools, Integration, Leg, Memory
from symflow.flow.layered.original import OriginalSystem
from symflow.flow.layered.systems import Floats, System, flat, length_of
from symflow.flow.layered.trajectories import Piece, Status, WallEvent
from symflow.flow.reporting import Report
from symflow.flow.streaming.layered_looks import LayersLook, PulledBackLook, layers_look, pulled_back_look
from symflow.flow.streaming.nearest import Key, Passes, Sorted
from symflow.flow.streaming.sources import contradiction
from symflow.flow.streaming.stand_ins import stand_ins

SURE = 0.9  # of a free path is used
ROOM = 1.25  # for a step of descent, times its length, that a window has at least
MOST_NUMBERS = 1 << 27  # in the states of a descent


class Known(NamedTuple):
    """What is known of data by their numbers (n,): masks, which slide, and limits, each (n, walls)."""

    numbers: NDArray[np.int64]
    masks: Floats
    sliding: Bools
    limits: Floats


class Window(NamedTuple):
    """The data of a window: nearest ones, then those in place of others; and what is known of all of them."""

    data: Sorted
    system: System
    memory: Memory


class LayersRun:
    """State between two windows."""

    def __init__(
        self, passes: Passes, empty: System, targets: Floats, theta: Floats, t_max: float, report: Report | None,
        known: Known | None = None,
    ) -> None:  # fmt: skip
        self.passes, self.empty, self.targets, self.theta = passes, empty, targets, theta
        self.t_max, self.report, self.known = t_max, report, known
        self.first = known is None  # data may begin on walls
        self.time, self.steps = 0.0, 0
        self.unit: float | None = None
        self.pieces: list[Piece] = []
        self.events: list[WallEvent] = []
        self.begins: list[float] = []
        self.expected: dict[Key, int] | None = None

    def flow(self, rtol: float, max_events: int) -> tuple[Status, str]:
        """Window after window."""
        while True:
            try:
                window = self._window()
            except UndefinedError as error:  # a weight became singular just where a window ended
                if not self.begins:
                    raise
                return "unresolved", f"at t = {self.time:.12g}: {error}"
            self.begins.append(self.time)
            reach, before = SURE * window.data.reach, len(self.events)
            leg = Leg(self.time, reach, window.memory, self.first, before, self.steps, self.unit)
            integration = Integration(window.system, self.theta, self.t_max, rtol, max_events, self.report, leg)
            pieces, events, status, message = integration.run()
            self.pieces += [piece for piece in pieces if piece.end > piece.begin or not self.pieces]
            self._log(events, window)
            self.time, self.theta = integration.time, integration.theta
            self.steps, self.unit = integration.steps, integration.unit
            self._remember(integration.memory, window)
            if status != "cut":
                return status, message

    def descend(self, step: float) -> tuple[Status, str]:
        """The same for steps of gradient descent. Raises LimitError where their states are too many to keep."""
        descent, states, room = Descent(self.t_max, step, self.report), [self.theta], 0.0
        if descent.total * self.theta.size > MOST_NUMBERS:
            raise LimitError(
                f"the states of {descent.total} steps are {descent.total * self.theta.size} numbers, more than "
                f"{MOST_NUMBERS}; take a larger step, or continue a shorter run"
            )
        while descent.status == "finished" and descent.number < descent.total:
            window, room = self._window_for(step, room)
            self.begins.append(self.time)
            masks, watched = window.memory.masks, window.memory.limits != np.inf
            logged, made = len(descent.events), descent.number
            states.extend(descent.steps(window.system, self.theta, masks, watched, SURE * window.data.reach))
            self._log(tuple(descent.events[logged:]), window)
            self.theta, self.time = states[-1], descent.time
            self._remember(window.memory, window)
            if descent.number == made and descent.status == "finished":
                descent.diverge()  # no window has room for a step
        self.pieces.append(lines(states, step, descent.time))
        return descent.status, descent.message

    def _window_for(self, step: float, room: float) -> tuple[Window, float]:
        """A window with room for one step at least, and that room; ``room`` was enough for the last one."""
        window = self._window(room)
        with np.errstate(over="ignore", invalid="ignore"):
            velocity = window.system.velocity(self.theta, window.memory.masks)
            least = ROOM / SURE * length_of(step * velocity)
        return self._window(least) if window.data.reach < least < np.inf else window, least

    def _window(self, least: float = 0.0) -> Window:
        data = self.passes.sort(self._look(), least)
        near, depth = data.near, self.empty.depth
        factors = {key: factor for key, (_, factor) in data.groups.items()}
        walls = near.active.shape[1]
        few = stand_ins(factors, self.targets, self.empty.widths[0], walls)
        system = replace(
            self.empty,
            points=np.concatenate([near.points, few.points]),
            targets=np.concatenate([self.targets[near.labels], few.targets]),
            masses=np.concatenate([near.masses, few.masses]),
        )
        known = self._known_of(data)
        others = few.patterns.shape
        rows = (
            np.concatenate([known.masks, few.patterns.astype(np.float64)]),
            np.concatenate([known.sliding, np.zeros(others, dtype=bool)]),
            np.concatenate([known.limits, np.full(others, np.inf)]),
        )
        cuts = np.cumsum(self.empty.widths[1 : depth + 1])[:-1]
        return Window(data, system, Memory._make(flat(np.split(part, cuts, axis=1)) for part in rows))

    def _look(self) -> LayersLook | PulledBackLook:
        weights, biases = self.empty.split(self.theta)
        look = layers_look if isinstance(self.empty, OriginalSystem) else pulled_back_look
        return look(weights[:-1], biases[:-1])

    def _known_of(self, data: Sorted) -> Known:
        """What was decided about the nearest data of the last window, for those of this one."""
        near = data.near
        known = Known(
            near.numbers, near.active.astype(np.float64), np.zeros(near.active.shape, dtype=bool),
            np.full(near.active.shape, np.nan),
        )  # fmt: skip
        if self.known is not None:
            place = np.searchsorted(near.numbers, self.known.numbers)
            kept = place < len(near.numbers)
            kept[kept] = near.numbers[place[kept]] == self.known.numbers[kept]
            if self.known.sliding[~kept].any():
                raise contradiction(self.time, "data that slide are far from their wall")
            for new, old in zip(known[1:], self.known[1:], strict=True):
                new[place[kept]] = old[kept]
        if self.expected is not None and data.counts(_patterns(known)) != self.expected:
            raise contradiction(self.time, "patterns are not those that the flow of the kept data says")
        return known

    def _remember(self, memory: Memory, window: Window) -> None:
        numbers = window.data.near.numbers
        rows = (np.concatenate(window.system.layers_of(part), axis=1)[: len(numbers)] for part in memory)
        self.known = Known._make((numbers, *rows))
        self.first = False
        self.expected = window.data.counts(_patterns(self.known))

    def _log(self, events: tuple[WallEvent, ...], window: Window) -> None:
        numbers = window.data.near.numbers
        self.events += [replace(event, datum=int(numbers[event.datum])) for event in events]


def lines(states: list[Floats], step: float, end: float) -> Piece:
    """The states after 0, 1, 2, … steps, joined by straight lines up to ``end``."""
    table = np.array(states)
    begins = np.minimum(np.arange(len(table)) * step, end)

    def state(time: float) -> Floats:
        place = min(int(np.searchsorted(begins, time, side="right")) - 1, max(len(table) - 2, 0))
        if place + 1 == len(table):
            return np.asarray(table[place])
        share = (time - begins[place]) / (begins[place + 1] - begins[place])
        return np.asarray(table[place] + share * (table[place + 1] - table[place]))

    return Piece(0.0, end, state)


def _patterns(known: Known) -> Bools:
    """Of the data; those that slide count as truncated."""
    return np.ascontiguousarray((known.masks > 0.5) & ~known.sliding)
