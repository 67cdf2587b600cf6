"""The data at walls, those with the same pattern and the same zeros together: the compiled ``resolving.data_classes``.

A sliding atom may hold a large part of all data; what a choice does to it depends on its moments only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symflow.flow.chamber.bookkeeping import NONE, Points
from symflow.flow.chamber.compiling import bundled, lean
from symflow.flow.chamber.running import Run
from symflow.network.arrays import Array

MOST_CLASSES = 12


@bundled
class Classes(NamedTuple):
    """C classes of the Z data at walls, C at most MOST_CLASSES: room for them, filled in by ``find_classes``."""

    counts: Array  # (2,) C and Z
    zero: Array  # (·, L, Q) 1 where the preactivation is zero
    pattern: Array  # (·, L, Q) 0 or 1; 0 where the preactivation is zero
    weight: Array  # (·,)
    moment: Array  # (·, Q) Σ w x
    target: Array  # (·, Q) Σ w y
    leaf: Array  # (·,) the last node so far
    keys: Array  # (·, 2) zero and pattern as bits layer·Q + k
    data: Array  # (N,) of which Z count
    number: Array  # (N,) class of each
    masks: Array  # (N,) zero preactivations of each datum as bits; zero between uses


def empty_classes(places: tuple[int, int, int]) -> Classes:
    """Room; ``places`` are L, N, Q."""
    depth, N, width = places
    integers, layers = np.int64, (MOST_CLASSES, depth, width)
    return Classes(
        np.zeros(2, dtype=integers), np.zeros(layers, dtype=integers), np.zeros(layers, dtype=integers),
        np.zeros(MOST_CLASSES), np.zeros((MOST_CLASSES, width)), np.zeros((MOST_CLASSES, width)),
        np.zeros(MOST_CLASSES, dtype=integers), np.zeros((MOST_CLASSES, 2), dtype=integers),
        np.zeros(N, dtype=integers), np.zeros(N, dtype=integers), np.zeros(N, dtype=integers),
    )  # fmt: skip


@lean
def collect_zeros(points: Points, run: Run, classes: Classes) -> int:
    """Fill in data and masks: those that slide, and those that were found; how many zeros there are."""
    depth, width = points.active.shape[0], points.active.shape[2]
    count, zeros = 0, 0
    for place in range(run.held[0]):
        i = run.held[1 + place]
        for layer in range(depth):
            for k in range(width):
                if points.sliding[layer, i, k] != NONE:
                    classes.masks[i] |= 1 << (layer * width + k)
                    zeros += 1
        classes.data[count] = i
        count += 1
    for place in range(run.counts[1]):
        i = run.found[place, 1]
        if classes.masks[i] == 0:
            classes.data[count] = i
            count += 1
        classes.masks[i] |= 1 << (run.found[place, 0] * width + run.found[place, 2])
        zeros += 1
    classes.counts[1] = count
    return zeros


@lean
def pattern_bits(points: Points, i: int) -> int:
    """The pattern of a datum as bits layer·Q + k."""
    depth, width = points.active.shape[0], points.active.shape[2]
    bits = 0
    for layer in range(depth):
        for k in range(width):
            bits |= points.active[layer, i, k] << (layer * width + k)
    return bits


@lean
def group_of(points: Points, classes: Classes, i: int) -> int:
    """The class of a datum, made if it is new; MOST_CLASSES if there is no room for it."""
    depth, width = points.active.shape[0], points.active.shape[2]
    mask, leaf = classes.masks[i], points.node[depth, i]
    pattern = pattern_bits(points, i) & ~mask
    used = classes.counts[0]
    for group in range(used):
        if classes.keys[group, 0] == mask and classes.keys[group, 1] == pattern and classes.leaf[group] == leaf:
            return group
    if used == MOST_CLASSES:
        return MOST_CLASSES
    classes.keys[used, 0], classes.keys[used, 1], classes.leaf[used] = mask, pattern, leaf
    classes.weight[used] = 0.0
    for column in range(width):
        classes.moment[used, column] = 0.0
        classes.target[used, column] = 0.0
    for layer in range(depth):
        for k in range(width):
            classes.zero[used, layer, k] = (mask >> (layer * width + k)) & 1
            classes.pattern[used, layer, k] = (pattern >> (layer * width + k)) & 1
    classes.counts[0] = used + 1
    return int(used)


@lean
def find_classes(points: Points, run: Run, classes: Classes) -> int:
    """Fill in the classes; how many zeros all data at walls have, or NONE where there are too many classes."""
    zeros = collect_zeros(points, run, classes)
    classes.counts[0] = 0
    crowded = False
    for place in range(classes.counts[1]):
        i = classes.data[place]
        group = MOST_CLASSES if crowded else group_of(points, classes, i)
        classes.masks[i] = 0
        if group == MOST_CLASSES:
            crowded = True
            continue
        classes.number[place] = group
        classes.weight[group] += points.w[i]
        for column in range(points.x.shape[1]):
            classes.moment[group, column] += points.w[i] * points.x[i, column]
            classes.target[group, column] += points.w[i] * points.y[i, column]
    return NONE if crowded else zeros
