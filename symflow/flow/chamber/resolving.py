"""At walls where the continuation is not plain: try every choice, take the only consistent one, or say why not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from symflow.errors import LimitError
from symflow.flow.chamber.bookkeeping import NONE, put_in, quadratic, take_out
from symflow.flow.chamber.history import SLIDES, STOPS
from symflow.flow.chamber.hulls import Polygon, clusters, polygon
from symflow.flow.chamber.running import write_change
from symflow.flow.chamber.separation import impossible
from symflow.flow.chamber.state import FlowState, Zeros
from symflow.flow.chamber.stepping import projection
from symflow.flow.chamber.tolerances import CLEAR
from symflow.flow.chamber.walls import Choice, DataClass, Slide, choices, consistent, sliding_functions, walls_of
from symflow.network.arrays import Array

DEPENDENT = 1e-8  # smallest singular value of sliding normals, of length about one, that counts as independent


@dataclass(frozen=True, slots=True)
class Way:
    """A consistent continuation."""

    choice: Choice
    slide: Slide
    polygons: tuple[Polygon, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why there is no continuation to return."""

    status: str
    message: str


def resolve(state: FlowState, zeros: Zeros) -> Verdict | None:
    """Choose the continuation at the zeros and write it down; a verdict where there is none, or more than one."""
    classes = data_classes(state, zeros)
    for i in zeros:
        take_out(state.points, i, 0)
    rest_H, rest_c = np.zeros_like(state.run.H), np.zeros_like(state.run.c)
    quadratic(state.table.nodes, state.points, state.table.used, rest_H, rest_c)
    found: list[Way] = []
    doubts: set[str] = set()
    verdict = None
    try:
        for choice in choices(state.table, classes):
            way = _way(state, choice, classes, rest_H, rest_c, doubts)
            if way is not None:
                found.append(way)
    except LimitError as error:
        verdict = Verdict("unresolved", str(error))
    if verdict is None and (len(found) != 1 or doubts):
        verdict = _verdict(found, doubts)
    state.make_room()
    if verdict is not None:
        for i in zeros:
            put_in(state.table.nodes, state.points, i, 0)
        return verdict
    _commit(state, zeros, classes, found[0])
    return None


def data_classes(state: FlowState, zeros: Zeros) -> list[DataClass]:
    """The data at walls, those with the same pattern and the same zeros together."""
    points = state.points
    groups: dict[tuple[tuple[tuple[int, int], ...], bytes], list[int]] = {}
    patterns: dict[int, Array] = {}
    for i, places in zeros.items():
        pattern = points.active[:, i, :].copy()
        for place in places:
            pattern[place] = 0
        patterns[i] = pattern
        groups.setdefault((tuple(sorted(places)), pattern.tobytes()), []).append(i)
    classes = []
    for (places_of, _), members in groups.items():
        w = points.w[members]
        moment, target = w @ points.x[members], w @ points.y[members]
        classes.append(DataClass(patterns[members[0]], places_of, np.array(members), float(w.sum()), moment, target))
    return classes


def _way(
    state: FlowState, choice: Choice, classes: list[DataClass], rest_H: Array, rest_c: Array, doubts: set[str]
) -> Way | None:
    """The choice with its flow if it is consistent; notes a doubt where that cannot be settled."""
    H, c, nodes = rest_H.copy(), rest_c.copy(), state.table.nodes
    for group, path in zip(classes, choice.paths, strict=True):
        H += group.weight * nodes.BtB[path[-1]]
        c += nodes.B[path[-1]].T @ group.target - nodes.BtA[path[-1]] @ group.moment
    rows = np.array([wall.row for wall in choice.slides]).reshape(-1, state.n)
    if len(rows) > state.n or (len(rows) > 1 and np.linalg.svd(rows, compute_uv=False)[-1] < DEPENDENT):
        if not impossible(state.table, classes, choice, H, c, state.run.theta):
            doubts.add("sliding on walls with dependent normals")
        return None
    if _clearly_wrong(choice, rows, H, c, state.run.theta):
        return None
    slide = sliding_functions(state.table, classes, choice, H, c)
    tied = clusters(choice, classes)
    slide = replace(slide, coupled=tuple(place for places in tied for place in places))
    if not consistent(choice, slide, H, c, state.run.theta):
        return None
    polygons = []
    for places in tied:
        if len(places) > 2:
            if not impossible(state.table, classes, choice, H, c, state.run.theta):
                doubts.add(f"sliding on {len(places)} walls that are tied by data sliding in two layers at once")
            return None
        shape = polygon(state.table, classes, choice, slide, H, c, places)
        velocity = slide.onto @ (c - H @ state.run.theta)
        holds = shape.holds(state.run.theta, velocity, -slide.onto @ (H @ velocity))
        if holds is None:
            doubts.add("the edge of sliding in two layers at once")
        if not holds:
            return None
        polygons.append(shape)
    heights = slide.jump @ state.run.theta + slide.jump_value
    if any(heights[place] < 0.0 for place in range(len(heights)) if place not in slide.coupled):
        doubts.add("a slide along a ridge, which may be left at any time")
    return Way(choice, slide, tuple(polygons))


def _clearly_wrong(choice: Choice, rows: Array, H: Array, c: Array, theta: Array) -> bool:
    """Whether some data would move to the other side at once: spares most choices the rest of the work."""
    force = c - H @ theta
    velocity = projection(rows)[0] @ force if len(rows) else force
    clear = CLEAR * float((np.abs(c) + np.abs(H) @ np.abs(theta)).max())
    return any(wall.mode * float(wall.row @ velocity) < -clear for wall in choice.walls if wall.mode != 0)


def _verdict(found: list[Way], doubts: set[str]) -> Verdict:
    if len(found) > 1:
        ways = "; ".join(_described(way.choice) for way in found)
        return Verdict("non-unique", f"{len(found)} continuations are consistent with the flow: {ways}")
    if doubts:
        return Verdict("unresolved", f"the walls that meet here leave undecided: {', and '.join(sorted(doubts))}")
    return Verdict("unresolved", "no choice of crossing, sliding and rest is consistent at the walls that meet here")


def _described(choice: Choice) -> str:
    names = {-1: "truncated", 0: "sliding", 1: "active"}
    return ", ".join(f"layer {w.layer + 1} component {w.component} {names[w.mode]}" for w in choice.walls)


def _commit(state: FlowState, zeros: Zeros, classes: list[DataClass], way: Way) -> None:
    points, choice, slide, log = state.points, way.choice, way.slide, state.log
    state.forget_marks()
    state.mark_zeros(zeros)
    log.counts[2] = log.counts[1]
    held = {i: points.sliding[:, i, :].copy() for i in zeros}
    for index, group in enumerate(classes):
        for i in group.members:
            for layer, k in zip(*np.nonzero(points.active[:, i, :] != choice.patterns[index]), strict=True):
                write_change(log, int(layer), int(i), int(k), int(choice.patterns[index][layer, k]))
            points.active[:, i, :] = choice.patterns[index]
            points.node[:, i] = choice.paths[index]
            points.sliding[:, i, :] = NONE
    for number, wall in enumerate(choice.slides):
        for index in wall.classes:
            for layer, k in walls_of(state.table, classes, choice, index, wall):
                points.sliding[layer, classes[index].members, k] = number
    for i, before in held.items():
        for layer, k in zip(*np.nonzero(points.sliding[:, i, :] != before), strict=True):
            number = int(points.sliding[layer, i, k])
            write_change(log, int(layer), i, int(k), STOPS if number == NONE else SLIDES + number)
    for i in zeros:
        put_in(state.table.nodes, points, i, 0)
    m = len(choice.slides)
    state.run.slides[0] = m
    state.run.rows[:m], state.run.jump[:m], state.run.jump_value[:m] = slide.rows, slide.jump, slide.jump_value
    state.run.offsets[:m] = slide.rows @ state.run.theta
    state.polygons = way.polygons
    state.coupled = slide.coupled
