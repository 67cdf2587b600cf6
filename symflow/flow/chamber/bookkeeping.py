"""Which datum sits where: for every wall group the data next to the wall, for every full pattern its moments.

A wall group is (node, k): the data that share the map of the first ℓ layers, and component k of the next one. All its
walls have one gradient: preactivation = row · θ + s_i, s_i = offset · x_i. So the truncated data of a group are kept in
a heap by falling s, the others in a heap by rising s, and only the roots of the two heaps can be next. Data on a
sliding wall are in neither heap: they are counted as truncated, which they are at the wall, and hold the number of
their sliding wall. Pairing heaps: a datum that crosses a wall enters the groups of the later layers anywhere among
their data, so that sorted lists would have to be walked through; these take it in at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from symflow.flow.chamber.compiling import bundled, compiled, lean
from symflow.flow.chamber.prefixes import Nodes, child_of
from symflow.flow.chamber.running import Run
from symflow.flow.equations import chamber_sums
from symflow.network.arrays import Array

NONE = -1

hessian, force = lean(chamber_sums.D1_patterns), lean(chamber_sums.D1_force)


@bundled
class Points(NamedTuple):
    """The data (N of them) and their places; the arrays over nodes grow with the table of nodes."""

    x: Array  # (N, Q)
    y: Array  # (N, Q) target of each datum
    w: Array  # (N,)
    active: Array  # (L, N, Q) pattern, 0 or 1
    node: Array  # (L + 1, N) node after ℓ layers
    s: Array  # (L, N, Q) constant part of the preactivation
    child: Array  # (L, N, Q) first child in the heap, or NONE
    after: Array  # (L, N, Q) next child of the same datum, or NONE
    before: Array  # (L, N, Q) previous child of the same datum, or that datum, or NONE
    sliding: Array  # (L, N, Q) number of the sliding wall, or NONE
    below: Array  # (capacity, Q) truncated datum of largest s, or NONE
    above: Array  # (capacity, Q) active datum of smallest s, or NONE
    safe: Array  # (capacity, Q) the way of the state up to which no datum of the group reaches the wall (``nearby``)
    members: Array  # (capacity,) data at a node
    weight: Array  # (capacity,) their total weight (last level only)
    moment: Array  # (capacity, Q) Σ w x
    target: Array  # (capacity, Q) Σ w y


@lean
def meld(points: Points, layer: int, k: int, first: int, second: int, sign: float) -> int:
    """One heap from two: the root that lies farther out becomes the first child of the other; the root."""
    if first == NONE:
        return second
    if second == NONE:
        return first
    if sign * points.s[layer, second, k] < sign * points.s[layer, first, k]:
        first, second = second, first
    child = points.child[layer, first, k]
    points.after[layer, second, k] = child
    if child != NONE:
        points.before[layer, child, k] = second
    points.before[layer, second, k] = first
    points.child[layer, first, k] = second
    return first


@lean
def gather(points: Points, layer: int, k: int, child: int, sign: float) -> int:
    """One heap from the children of a root that goes: melded in pairs, the pairs from last to first; its root."""
    pairs = NONE
    while child != NONE:
        partner = points.after[layer, child, k]
        rest = NONE if partner == NONE else points.after[layer, partner, k]
        root = meld(points, layer, k, child, partner, sign)
        points.after[layer, root, k] = pairs
        pairs, child = root, rest
    result = NONE
    while pairs != NONE:
        rest = points.after[layer, pairs, k]
        points.after[layer, pairs, k] = NONE
        result = meld(points, layer, k, result, pairs, sign)
        pairs = rest
    if result != NONE:
        points.before[layer, result, k] = NONE
        points.after[layer, result, k] = NONE
    return result


@lean
def push(points: Points, layer: int, i: int, k: int) -> None:
    """Put datum i into the heap of its group and side."""
    node = points.node[layer, i]
    kept = points.active[layer, i, k]
    heads = points.above if kept == 1 else points.below
    points.child[layer, i, k] = NONE
    points.before[layer, i, k] = NONE
    points.after[layer, i, k] = NONE
    heads[node, k] = meld(points, layer, k, heads[node, k], i, 1.0 if kept == 1 else -1.0)
    if heads[node, k] == i:
        points.safe[node, k] = 0.0


@lean
def pull(points: Points, layer: int, i: int, k: int) -> None:
    """Take datum i out of its heap."""
    node = points.node[layer, i]
    kept = points.active[layer, i, k]
    heads = points.above if kept == 1 else points.below
    sign = 1.0 if kept == 1 else -1.0
    rest = gather(points, layer, k, points.child[layer, i, k], sign)
    if heads[node, k] == i:
        points.safe[node, k] = 0.0
        heads[node, k] = rest
        return
    previous, place = points.before[layer, i, k], points.after[layer, i, k]
    if place != NONE:
        points.before[layer, place, k] = previous
    if points.child[layer, previous, k] == i:
        points.child[layer, previous, k] = place
    else:
        points.after[layer, previous, k] = place
    heads[node, k] = meld(points, layer, k, heads[node, k], rest, sign)


@lean
def take_out(points: Points, i: int, layer: int) -> None:
    """Take datum i out of all heaps from a layer on, and out of the moments of its full pattern."""
    for k in range(points.active.shape[2]):
        if points.sliding[layer, i, k] == NONE:
            pull(points, layer, i, k)
    take_out_behind(points, i, layer)


@lean
def take_out_behind(points: Points, i: int, layer: int) -> None:
    """The same, except that it stays in the heaps of the layer itself."""
    depth, width = points.active.shape[0], points.active.shape[2]
    points.members[points.node[layer + 1, i]] -= 1
    for later in range(layer + 1, depth):
        for k in range(width):
            if points.sliding[later, i, k] == NONE:
                pull(points, later, i, k)
        points.members[points.node[later + 1, i]] -= 1
    leaf = points.node[depth, i]
    if points.members[leaf] == 0:
        points.weight[leaf] = 0.0
        for column in range(width):
            points.moment[leaf, column] = 0.0
            points.target[leaf, column] = 0.0
    else:
        points.weight[leaf] -= points.w[i]
        for column in range(width):
            points.moment[leaf, column] -= points.w[i] * points.x[i, column]
            points.target[leaf, column] -= points.w[i] * points.y[i, column]


@lean
def enter_layer(nodes: Nodes, points: Points, i: int, layer: int) -> None:
    """Put datum i into the heaps of its groups in a layer."""
    width, node = points.active.shape[2], points.node[layer, i]
    for k in range(width):
        s = 0.0
        for column in range(width):
            s += nodes.offsets[node, k, column] * points.x[i, column]
        points.s[layer, i, k] = s
        if points.sliding[layer, i, k] == NONE:
            push(points, layer, i, k)


@lean
def put_in(nodes: Nodes, points: Points, i: int, layer: int) -> None:
    """Put datum i back from a layer on: its patterns, nodes and sliding walls from there on are already written."""
    enter_layer(nodes, points, i, layer)
    put_in_behind(nodes, points, i, layer)


@lean
def put_in_behind(nodes: Nodes, points: Points, i: int, layer: int) -> None:
    """The same, where it has stayed in the heaps of the layer itself."""
    depth, width = points.active.shape[0], points.active.shape[2]
    points.members[points.node[layer + 1, i]] += 1
    for later in range(layer + 1, depth):
        enter_layer(nodes, points, i, later)
        points.members[points.node[later + 1, i]] += 1
    leaf = points.node[depth, i]
    points.weight[leaf] += points.w[i]
    for column in range(width):
        points.moment[leaf, column] += points.w[i] * points.x[i, column]
        points.target[leaf, column] += points.w[i] * points.y[i, column]


@compiled
def read_patterns(nodes: Nodes, points: Points, beta: Array, bound: float, found: Array) -> int:
    """Fill in the patterns and nodes of all data at biases (L, Q); FULL without room for the nodes.

    Returns how many preactivations are within ``bound`` of zero: (layer, datum, component) in ``found``, and truncated.
    """
    depth, N, width = points.active.shape
    z, u = np.empty(width), np.empty(width)
    count = 0
    for i in range(N):
        node = 0
        for column in range(width):
            z[column] = points.x[i, column]
        for layer in range(depth):
            code = 0
            for k in range(width):
                u[k] = 0.0
                for column in range(width):
                    u[k] += nodes.rotations[layer, k, column] * (z[column] + beta[layer, column])
                if abs(u[k]) <= bound:
                    found[count, 0], found[count, 1], found[count, 2] = layer, i, k
                    count += 1
                points.active[layer, i, k] = 1 if u[k] > bound else 0
                code |= points.active[layer, i, k] << k
            for column in range(width):
                z[column] = -beta[layer, column]
                for k in range(width):
                    if u[k] > 0.0:
                        z[column] += u[k] * nodes.rotations[layer, k, column]
            node = child_of(nodes, node, code)
            if node < 0:
                return node
            points.node[layer + 1, i] = node
    return count


@compiled
def put_in_all(nodes: Nodes, points: Points) -> None:
    """Put all data into empty heaps: their patterns and nodes are already written."""
    N = points.w.size
    points.members[0] = N
    for i in range(N):
        put_in(nodes, points, i, 0)
    refresh_moments(points)


@lean
def refresh_moments(points: Points) -> None:
    """Sum the moments of all full patterns anew, so that roundoff of additions and removals does not pile up."""
    depth = points.active.shape[0]
    points.weight[:] = 0.0
    points.moment[:] = 0.0
    points.target[:] = 0.0
    for i in range(points.w.size):
        leaf = points.node[depth, i]
        points.weight[leaf] += points.w[i]
        for column in range(points.x.shape[1]):
            points.moment[leaf, column] += points.w[i] * points.x[i, column]
            points.target[leaf, column] += points.w[i] * points.y[i, column]


@compiled
def quadratic(nodes: Nodes, points: Points, used: int, H: Array, c: Array) -> None:
    """Fill in H and c of the cost ½ θᵀHθ - cᵀθ + const of the current patterns (theory C8; D1.patterns, D1.force).

    H = Σ w BᵀB, c = Σ w Bᵀ(y - A x): sums over the full patterns that occur, whatever the number of data.
    """
    depth = points.active.shape[0]
    leaves, count = np.empty(used, dtype=np.intp), 0
    for leaf in range(used):
        if nodes.level[leaf] == depth and points.members[leaf] > 0:
            leaves[count] = leaf
            count += 1
    hessian(points.weight, nodes.BtB, leaves[:count], H)
    force(nodes.B, points.target, nodes.BtA, points.moment, leaves[:count], c)


@lean
def add_leaves(nodes: Nodes, points: Points, leaves: Array, sign: float, run: Run) -> None:
    """Add the parts of some full patterns, all different, to H and c, or take them away."""
    room = run.room
    hessian(points.weight, nodes.BtB, leaves, room.change_of_hessian)
    force(nodes.B, points.target, nodes.BtA, points.moment, leaves, room.change_of_force)
    for row in range(run.c.size):
        run.c[row] += sign * room.change_of_force[row]
        for column in range(run.c.size):
            run.H[row, column] += sign * room.change_of_hessian[row, column]


def empty_places(x: Array, y: Array, w: Array, depth: int, capacity: int) -> Points:
    """Points that are in no heap yet."""
    N, Q = x.shape
    places = (depth, N, Q)
    return Points(
        x, y, w, np.zeros(places, dtype=np.int64), np.zeros((depth + 1, N), dtype=np.int64), np.zeros(places),
        np.full(places, NONE), np.full(places, NONE), np.full(places, NONE), np.full(places, NONE),
        np.full((capacity, Q), NONE), np.full((capacity, Q), NONE), np.zeros((capacity, Q)),
        np.zeros(capacity, dtype=np.int64), np.zeros(capacity), np.zeros((capacity, Q)), np.zeros((capacity, Q)),
    )  # fmt: skip


def grown(points: Points, capacity: int) -> Points:
    """The same places with room for more nodes."""
    old = points.members.size
    if capacity <= old:
        return points
    wider = {}
    for name in ("below", "above", "safe", "members", "weight", "moment", "target"):
        array = getattr(points, name)
        fresh = np.full((capacity, *array.shape[1:]), NONE if name in {"below", "above"} else 0, dtype=array.dtype)
        fresh[:old] = array
        wider[name] = fresh
    return points._replace(**wider)
