"""At walls where the continuation is not plain: try every choice, take the only consistent one, or say why not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symflow.errors import LimitError
from symflow.flow.chamber.bookkeeping import NONE, put_in, quadratic, take_out
from symflow.flow.chamber.fans import DataClass, fan_of
from symflow.flow.chamber.history import SLIDES, STOPS
from symflow.flow.chamber.judging import Judge, Way
from symflow.flow.chamber.running import outdate, write_change
from symflow.flow.chamber.state import FlowState, Zeros
from symflow.flow.chamber.walls import Choice, walls_of
from symflow.network.arrays import Array

LEFT_AT_WILL = " (which may be left at any later time)"


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
        fan = fan_of(state.table, classes)
        judge = Judge(state.table, classes, fan, rest_H, rest_c, state.run.theta)
        for face in fan.faces(judge.pull):
            way = judge.way(face)
            if isinstance(way, Way):
                found.append(way)
            elif way is not None:
                doubts.add(way)
    except LimitError as error:
        verdict = Verdict("crowded", str(error))
    if verdict is None and (len(found) != 1 or doubts or not found[0].stays):
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


def _verdict(found: list[Way], doubts: set[str]) -> Verdict:
    if len(found) > 1:
        ways = "; ".join(_described(way.choice) + ("" if way.stays else LEFT_AT_WILL) for way in found)
        return Verdict("non-unique", f"{len(found)} continuations are consistent with the flow: {ways}")
    if doubts:
        return Verdict("doubtful", f"roundoff decides {', and '.join(sorted(doubts))}")
    if found:
        return Verdict("non-unique", f"the flow may go on along a ridge: {_described(found[0].choice)}{LEFT_AT_WILL}")
    return Verdict("doubtful", "no way to cross, slide or rest is consistent with the flow, so roundoff hides one")


def _described(choice: Choice) -> str:
    names = {-1: "truncated", 0: "sliding", 1: "active"}
    return ", ".join(f"layer {w.layer + 1} component {w.component} {names[w.mode]}" for w in choice.walls)


def _commit(state: FlowState, zeros: Zeros, classes: list[DataClass], way: Way) -> None:
    points, choice, log = state.points, way.choice, state.log
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
    m = len(way.normals)
    outdate(state.run)
    state.run.counts[0] = m
    state.run.rows[:m], state.run.offsets[:m] = way.normals, way.normals @ state.run.theta
    if way.slide is not None:
        state.run.jump[:m], state.run.jump_value[:m] = way.slide.jump, way.slide.jump_value
    state.edges = way.edges
    state.note_slides()
