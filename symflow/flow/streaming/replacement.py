"""Few data instead of many: those next to walls as they are, all others of a key as one datum at their mean.

The gradient in a chamber sees data of one key only by Σw and Σwx (theory C8), so as long as none of the replaced data
changes its pattern the biases move as with all data. That is known from the *guards*, the kept data of a group: they
are nearer to the wall than any replaced datum of their group, and u − u′ of two data of a group is constant while
both are in it. So a replaced datum, and their mean, which lies in their convex hull, reaches a wall only after every
guard of that group has left it, across the wall or because an earlier layer moved it elsewhere. The replacement holds
until then. Where all data of a group have the same u, the mean goes where they go, and needs no guard.

The loss differs by ½ Σ w |A(x − mean)|² over the replaced data, A the map of their key: constant while it holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from symflow.flow.chamber.inputs import FlowProblem
from symflow.flow.streaming.census import ON, Census, Plan, lexicographic, moments, starts_of
from symflow.flow.streaming.exact_sums import sum_by_group, total
from symflow.flow.streaming.prefix_maps import GONE, prefix_map

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Replacement:
    """The data of a window: first the kept ones, then one for each key that has others.

    index (n,) numbers of the kept data; keys (m, 2L + 1) and counts (m,) of the replaced ones; ``labels`` (n + m,);
    ``constant``: what is missing in the loss.
    """

    problem: FlowProblem
    index: Integers
    keys: Integers
    counts: Integers
    labels: Integers
    constant: float


def replace_far(census: Census, plan: Plan, targets: Floats, t_max: float, moving: bool) -> Replacement:
    """The replacement at the state of a census; targets ỹ (K, Q) as they are there."""
    number = {tuple(key): place for place, key in enumerate(census.keys.tolist())}
    order = lexicographic(census.own, plan.biases.shape[1])
    own = census.own[order]
    starts = starts_of(own[1:] != own[:-1])
    places = np.array([number[tuple(key)] for key in own[starts].tolist()])
    counts, sums = census.counts.copy(), census.sums.copy()
    counts[places] -= np.diff(np.append(starts, len(own)))
    kept = moments(census.points[order], census.weights[order], plan.center)
    sums[:, places] -= sum_by_group(kept, starts, plan.sigma)
    far = np.flatnonzero(counts)
    width, depth = plan.biases.shape[1], plan.biases.shape[0]
    of_far = total(sums[:, far])
    mass, mean = of_far[:, 0], of_far[:, 1 : width + 1] / of_far[:, :1]
    constant, upper = 0.0, np.triu_indices(width)
    for place, key in enumerate(far):
        second = np.zeros((width, width))
        second[upper] = of_far[place, width + 1 :] - mass[place] * np.outer(mean[place], mean[place])[upper]
        second += np.triu(second, 1).T
        A = prefix_map(plan.rotations, census.keys[key, :depth].tolist())[0]
        constant += 0.5 * max(0.0, float(np.einsum("ij,jk,ik", A, second, A)))
    labels = np.concatenate((census.labels, census.keys[far, -1]))
    problem = FlowProblem(
        np.concatenate((census.points, mean + plan.center)), labels, targets[labels],
        np.concatenate((census.weights, mass)), plan.biases, plan.rotations, t_max, moving,
    )  # fmt: skip
    return Replacement(problem, census.index, census.keys[far], counts[far], labels, constant)


class Guards:
    """Watches the changes of a run on a replacement; ``lost`` is the first segment in which it holds no more."""

    def __init__(self, census: Census, replacement: Replacement, plan: Plan) -> None:
        depth, width = plan.biases.shape
        self.kept, self.rotations, self.keys = len(replacement.index), plan.rotations, replacement.keys
        entries = np.bincount(census.entry_group, minlength=len(census.groups))
        tied = census.farthest - census.nearest <= plan.bound / 4
        needed = (census.groups[:, 2] != ON) & (census.sizes > entries) & ~tied
        watched = needed[census.entry_group]
        self.group, self.datum = census.entry_group[watched], census.entry_datum[watched]
        self.layer, self.component = census.groups[self.group, 0], census.groups[self.group, 1]
        self.needed = needed
        self.left = np.full((self.kept, depth, width), NEVER)  # first segment after each change of an entry
        self.lost, self._read = NEVER, 0
        self.parted_at_start = False  # whether replaced data were on a wall at the start and left it

    def update(self, first: Integers, changes: Integers) -> bool:
        """Read the further changes, (M, 4), of segments whose changes begin at ``first``; whether guards are lost."""
        new = changes[self._read :]
        if not len(new) or self.lost != NEVER:
            return self.lost != NEVER
        row = np.searchsorted(first, np.arange(self._read, len(changes)), side="right") - 1
        self._read = len(changes)
        # What slides at the start was on its wall before, with the pattern that it has.
        moves = (row > 0) | (new[:, 3] == 0) | (new[:, 3] == 1)
        new, row = new[moves], row[moves]
        explicit = new[:, 1] < self.kept
        np.minimum.at(self.left, (new[explicit, 1], new[explicit, 0], new[explicit, 2]), row[explicit])
        lost = self._lost_by_guards()
        for (layer, datum, _, _), place in zip(new[~explicit].tolist(), row[~explicit].tolist(), strict=True):
            # All data of the key go together; where they go they may part, unless they are at one point for good.
            codes = self.keys[datum - self.kept, :layer].tolist()
            if np.abs(prefix_map(self.rotations, codes)[0]).max() > GONE:
                lost = min(lost, place + 1)
                self.parted_at_start |= place == 0
        self.lost = lost
        return self.lost != NEVER

    def _lost_by_guards(self) -> int:
        if not len(self.group):
            return NEVER
        earlier = np.minimum.accumulate(self.left.min(axis=2), axis=1)
        gone = self.left[self.datum, self.layer, self.component]
        below = self.layer > 0
        gone[below] = np.minimum(gone[below], earlier[self.datum[below], self.layer[below] - 1])
        last = np.zeros(len(self.needed), dtype=np.int64)
        np.maximum.at(last, self.group, gone)
        return int(last[self.needed].min())
