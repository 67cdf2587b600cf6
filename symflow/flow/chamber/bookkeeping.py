"""Which datum sits where: for every wall group the data next to the wall, for every full pattern its moments.

A wall group is (node, k): the data that share the map of the first ℓ layers, and component k of the next one. All its
walls have one gradient: preactivation = row · θ + s_i, s_i = offset · x_i. So the truncated data of a group are kept in
a list by falling s, the others in a list by rising s, and only the heads of the two lists can be next. Data on a
sliding wall are in neither list: they are counted as truncated, which they are at the wall, and hold the number of
their sliding wall.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symflow.flow.chamber.compiling import compiled
from symflow.flow.chamber.prefixes import Nodes
from symflow.network.arrays import Array

NONE = -1


class Points(NamedTuple):
    """The data (N of them) and their places; the arrays over nodes grow with the table of nodes."""

    x: Array  # (N, Q)
    y: Array  # (N, Q) target of each datum
    w: Array  # (N,)
    active: Array  # (L, N, Q) pattern, 0 or 1
    node: Array  # (L + 1, N) node after ℓ layers
    s: Array  # (L, N, Q) constant part of the preactivation
    after: Array  # (L, N, Q) next in the list, or NONE
    before: Array  # (L, N, Q) previous in the list, or NONE
    sliding: Array  # (L, N, Q) number of the sliding wall, or NONE
    below: Array  # (capacity, Q) truncated datum of largest s, or NONE
    above: Array  # (capacity, Q) active datum of smallest s, or NONE
    members: Array  # (capacity,) data at a node
    weight: Array  # (capacity,) their total weight (last level only)
    moment: Array  # (capacity, Q) Σ w x
    target: Array  # (capacity, Q) Σ w y


@compiled
def push(points: Points, layer: int, i: int, k: int) -> None:
    """Put datum i into the list of its group and side; near the head, where it usually belongs."""
    node = points.node[layer, i]
    s = points.s[layer, i, k]
    kept = points.active[layer, i, k]
    heads = points.above if kept == 1 else points.below
    sign = 1.0 if kept == 1 else -1.0
    previous, place = NONE, heads[node, k]
    while place != NONE and sign * points.s[layer, place, k] < sign * s:
        previous, place = place, points.after[layer, place, k]
    points.before[layer, i, k] = previous
    points.after[layer, i, k] = place
    if place != NONE:
        points.before[layer, place, k] = i
    if previous == NONE:
        heads[node, k] = i
    else:
        points.after[layer, previous, k] = i


@compiled
def pull(points: Points, layer: int, i: int, k: int) -> None:
    """Take datum i out of its list."""
    previous, place = points.before[layer, i, k], points.after[layer, i, k]
    if place != NONE:
        points.before[layer, place, k] = previous
    if previous != NONE:
        points.after[layer, previous, k] = place
    elif points.active[layer, i, k] == 1:
        points.above[points.node[layer, i], k] = place
    else:
        points.below[points.node[layer, i], k] = place


@compiled
def take_out(points: Points, i: int, layer: int) -> None:
    """Take datum i out of all lists from a layer on, and out of the moments of its full pattern."""
    depth, width = points.active.shape[0], points.active.shape[2]
    for later in range(layer, depth):
        for k in range(width):
            if points.sliding[later, i, k] == NONE:
                pull(points, later, i, k)
        points.members[points.node[later + 1, i]] -= 1
    leaf = points.node[depth, i]
    if points.members[leaf] == 0:
        points.weight[leaf] = 0.0
        points.moment[leaf] = 0.0
        points.target[leaf] = 0.0
    else:
        points.weight[leaf] -= points.w[i]
        points.moment[leaf] -= points.w[i] * points.x[i]
        points.target[leaf] -= points.w[i] * points.y[i]


@compiled
def put_in(nodes: Nodes, points: Points, i: int, layer: int) -> None:
    """Put datum i back from a layer on: its patterns, nodes and sliding walls from there on are already written."""
    depth, width = points.active.shape[0], points.active.shape[2]
    for later in range(layer, depth):
        offsets = nodes.offsets[points.node[later, i]]
        for k in range(width):
            s = 0.0
            for column in range(width):
                s += offsets[k, column] * points.x[i, column]
            points.s[later, i, k] = s
            if points.sliding[later, i, k] == NONE:
                push(points, later, i, k)
        points.members[points.node[later + 1, i]] += 1
    leaf = points.node[depth, i]
    points.weight[leaf] += points.w[i]
    points.moment[leaf] += points.w[i] * points.x[i]
    points.target[leaf] += points.w[i] * points.y[i]


def put_in_all(nodes: Nodes, points: Points) -> None:
    """Put all data into empty lists at once, by sorting: their patterns and nodes are already written."""
    depth, N, width = points.active.shape
    points.members[0] = N
    for layer in range(depth):
        points.s[layer] = np.einsum("ikc,ic->ik", nodes.offsets[points.node[layer]], points.x)
        np.add.at(points.members, points.node[layer + 1], 1)
        for k in range(width):
            kept = points.active[layer, :, k]
            outward = np.where(kept == 1, points.s[layer, :, k], -points.s[layer, :, k])
            order = np.lexsort((outward, kept, points.node[layer]))
            group = 2 * points.node[layer, order] + kept[order]
            first = np.append(True, group[1:] != group[:-1])
            points.before[layer, order, k] = np.where(first, NONE, np.roll(order, 1))
            points.after[layer, order, k] = np.where(np.roll(first, -1), NONE, np.roll(order, -1))
            for i in order[first]:
                heads = points.above if kept[i] == 1 else points.below
                heads[points.node[layer, i], k] = i
    refresh_moments(points)


@compiled
def refresh_moments(points: Points) -> None:
    """Sum the moments of all full patterns anew, so that roundoff of additions and removals does not pile up."""
    leaves = points.node[points.node.shape[0] - 1]
    points.weight[:] = 0.0
    points.moment[:] = 0.0
    points.target[:] = 0.0
    for i in range(leaves.size):
        leaf = leaves[i]
        points.weight[leaf] += points.w[i]
        for column in range(points.x.shape[1]):
            points.moment[leaf, column] += points.w[i] * points.x[i, column]
            points.target[leaf, column] += points.w[i] * points.y[i, column]


@compiled
def quadratic(nodes: Nodes, points: Points, used: int, H: Array, c: Array) -> None:
    """Fill in H and c of the cost ½ θᵀHθ - cᵀθ + const of the current patterns (theory C8, D1).

    H = Σ w BᵀB, c = Σ w Bᵀ(y - A x): sums over the full patterns that occur, whatever the number of data.
    """
    H[:] = 0.0
    c[:] = 0.0
    depth = points.active.shape[0]
    n, width = H.shape[0], points.x.shape[1]
    for leaf in range(used):
        if nodes.level[leaf] != depth or points.members[leaf] == 0:
            continue
        weight = points.weight[leaf]
        for row in range(n):
            for column in range(n):
                H[row, column] += weight * nodes.BtB[leaf, row, column]
            total = 0.0
            for column in range(width):
                total += nodes.B[leaf, column, row] * points.target[leaf, column]
                total -= nodes.BtA[leaf, row, column] * points.moment[leaf, column]
            c[row] += total


def empty_places(x: Array, y: Array, w: Array, depth: int, capacity: int) -> Points:
    """Points that are in no list yet."""
    N, Q = x.shape
    places = (depth, N, Q)
    return Points(
        x, y, w, np.zeros(places, dtype=np.int64), np.zeros((depth + 1, N), dtype=np.int64), np.zeros(places),
        np.full(places, NONE), np.full(places, NONE), np.full(places, NONE), np.full((capacity, Q), NONE),
        np.full((capacity, Q), NONE), np.zeros(capacity, dtype=np.int64), np.zeros(capacity), np.zeros((capacity, Q)),
        np.zeros((capacity, Q)),
    )  # fmt: skip


def grown(points: Points, capacity: int) -> Points:
    """The same places with room for more nodes."""
    old = points.members.size
    if capacity <= old:
        return points
    wider = {}
    for name in ("below", "above", "members", "weight", "moment", "target"):
        array = getattr(points, name)
        fresh = np.full((capacity, *array.shape[1:]), NONE if name in {"below", "above"} else 0, dtype=array.dtype)
        fresh[:old] = array
        wider[name] = fresh
    return points._replace(**wider)
