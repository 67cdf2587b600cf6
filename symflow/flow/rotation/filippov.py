"""On one or several walls: which of them are crossed, and on which the flow slides (theory D2).

At a common point of walls a = 1..m the velocity is a function of the masks h_a on them, 0 on the truncated side and
1 on the active one, affine in each. The cost is continuous, so changing one mask changes the velocity along the
gradient n_a of the wall's function only. With the rate r_a = n_a · velocity, Filippov's conditions are

    h_a = 0 and r_a < 0,   or   h_a = 1 and r_a > 0,   or   0 < h_a < 1 and r_a = 0 (sliding).

All combinations of modes are tried. Where data lie on walls of one layer only, and every jump opposes its wall, this is
a linear complementarity problem with a P-matrix: it has one solution, and the search ends with the first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from symflow.flow.rotation.problem import Floats

Mode = Literal["truncated", "sliding", "active"]
MODES: tuple[Mode, ...] = ("truncated", "active", "sliding")
MOST_WALLS = 6  # 3^6 combinations are tried in a fraction of a second
SLACK = 1e-9  # rates and multipliers within this share of their natural size of a bound are undecided


@dataclass(frozen=True, slots=True)
class Candidate:
    """A combination of modes: its velocity, and how far its rates and multipliers are from their bounds.

    Consistent if every margin is positive. Rates are in units of speed times the length of the gradient.
    """

    velocity: Floats
    margins: Floats


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one consistent combination of modes; or None, and why."""

    modes: tuple[Mode, ...] | None
    reason: str = ""


def multipliers(normals: Floats, velocity: Floats) -> Floats:
    """μ with n_a · (velocity + Σ μ_b n_b) = 0 for all a; normals (m, D) linearly independent."""
    if len(normals) == 1:
        return np.asarray(-(normals @ velocity) / np.vdot(normals, normals))
    return np.asarray(np.linalg.solve(normals @ normals.T, -(normals @ velocity)))


def decide(
    evaluate: Callable[[tuple[Mode, ...]], Candidate | None],
    forced: Sequence[Mode | None],
    preferred: Sequence[Mode],
    unique: bool,
    existing: Sequence[tuple[Mode, ...]] | None = None,
) -> Verdict:
    """Find the modes that satisfy the conditions.

    ``evaluate`` returns None for a combination that does not exist. ``forced`` prescribes modes (None: free).
    ``preferred`` only comes first. ``unique``: there is at most one solution, so the first is the answer. ``existing``:
    all combinations there are, where the walls are too many to try every one.
    """
    if len(forced) > MOST_WALLS and not unique and existing is None:
        return Verdict(None, f"{len(forced)} walls meet at once, more than the {MOST_WALLS} that are decided here")
    found: list[tuple[Mode, ...]] = []
    weak: list[tuple[tuple[Mode, ...], Floats]] = []
    for modes in _combinations(forced, preferred) if existing is None else _allowed(existing, forced):
        candidate = evaluate(modes)
        worst = -1.0 if candidate is None else float(min(candidate.margins, default=1.0))
        if candidate is not None and worst > SLACK:
            found.append(modes)
            if unique:
                return Verdict(modes)
        if candidate is not None and worst > -SLACK:
            weak.append((modes, candidate.velocity))
    return _judge(found, weak)


def _judge(found: list[tuple[Mode, ...]], weak: list[tuple[tuple[Mode, ...], Floats]]) -> Verdict:
    if len(found) == 1 and len(weak) == 1:
        return Verdict(found[0])
    if not weak:
        return Verdict(None, "no continuation that was tried satisfies Filippov's conditions")
    options = "; ".join("/".join(modes) for modes, _ in weak)
    velocities = np.array([velocity for _, velocity in weak])
    spread = float(np.linalg.norm(velocities - velocities[0], axis=1).max())
    if not found and spread <= SLACK:
        # Sliding with a multiplier at its bound is the same motion as not sliding, such as coming to rest at the wall.
        plain = [modes for modes, _ in weak if "sliding" not in modes]
        if len(plain) == 1:
            return Verdict(plain[0])
    if len(found) < len(weak):
        return Verdict(None, f"a rate or multiplier is zero to rounding: the flow is tangent to a wall ({options})")
    return Verdict(None, f"a ridge of the cost: {len(found)} continuations are possible ({options})")


def _allowed(existing: Sequence[tuple[Mode, ...]], forced: Sequence[Mode | None]) -> Iterator[tuple[Mode, ...]]:
    for modes in existing:
        if all(wanted is None or mode == wanted for mode, wanted in zip(modes, forced, strict=True)):
            yield modes


def _combinations(forced: Sequence[Mode | None], preferred: Sequence[Mode]) -> Iterator[tuple[Mode, ...]]:
    """All combinations of modes, those that differ from ``preferred`` in few places first; in at most two if many."""
    free = [place for place, mode in enumerate(forced) if mode is None]
    start = [wanted if mode is None else mode for mode, wanted in zip(forced, preferred, strict=True)]
    for changes in range(len(free) + 1 if len(start) <= MOST_WALLS else 3):
        for places in itertools.combinations(free, changes):
            others = [[mode for mode in MODES if mode != start[place]] for place in places]
            for replacements in itertools.product(*others):
                modes = start.copy()
                for place, mode in zip(places, replacements, strict=True):
                    modes[place] = mode
                yield tuple(modes)
