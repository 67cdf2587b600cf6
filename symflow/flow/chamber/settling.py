"""Walls where the continuation is not plain, compiled: data join and leave sliding atoms, slides end, walls meet.

All choices are tried (``trials``). Exactly one consistent choice, none of them unclear, is written down; anything else
is left to ``resolving``, which also finds the words for it.
"""

from __future__ import annotations

from symflow.flow.chamber.bookkeeping import NONE, Points, put_in, take_out
from symflow.flow.chamber.compiling import lean
from symflow.flow.chamber.history import SLIDES, STOPS, Log
from symflow.flow.chamber.prefixes import Nodes
from symflow.flow.chamber.running import Run, hold, mark, unmark, write_change
from symflow.flow.chamber.short_vectors import inner_product
from symflow.flow.chamber.tolerances import MANY
from symflow.flow.chamber.trials import (
    RIGHT,
    UNCLEAR,
    Trial,
    begin_trials,
    choice_force,
    copy_force,
    gather_slides,
    judge,
    lay_out,
    next_modes,
    write_jumps,
)
from symflow.flow.chamber.zero_classes import Classes, find_classes


@lean
def settle(nodes: Nodes, points: Points, log: Log, run: Run, classes: Classes, trial: Trial) -> bool:
    """Write down the only consistent continuation at the data found at walls; False, and nothing done, if unclear."""
    depth, width = points.active.shape[0], points.active.shape[2]
    if run.counts[1] > run.found.shape[0] or depth * width > 60:
        return False
    zeros = find_classes(points, run, classes)
    if zeros <= 0 or log.counts[1] + 2 * zeros > log.changes.shape[0]:
        return False
    if not find_modes(nodes, run, classes, trial):
        return False
    for wall in range(MANY):
        trial.mode[wall] = trial.right[wall]
    slides = gather_slides(trial, lay_out(nodes, classes, trial))
    if slides > run.theta.size or not write_jumps(nodes, classes, trial, slides):
        return False
    commit(nodes, points, log, run, classes, trial, slides)
    return True


@lean
def find_modes(nodes: Nodes, run: Run, classes: Classes, trial: Trial) -> bool:
    """Write the only right modes to ``trial.right``; False if there are none, or more, or a doubt."""
    begin_trials(trial)
    found = False
    while True:
        walls = lay_out(nodes, classes, trial)
        if walls == NONE:
            return False
        copy_force(trial, run.H, run.c)
        choice_force(nodes, classes, trial)
        answer = judge(nodes, classes, trial, walls, run.theta)
        if answer == UNCLEAR or (answer == RIGHT and found):
            return False
        if answer == RIGHT:
            found = True
            for wall in range(MANY):
                trial.right[wall] = trial.mode[wall]
        if not next_modes(trial, walls):
            return found


@lean
def commit(nodes: Nodes, points: Points, log: Log, run: Run, classes: Classes, trial: Trial, slides: int) -> None:
    """Give the data at walls their new patterns and places, and the sliding walls their functions."""
    unmark(run)
    run.held[0] = 0
    for place in range(classes.counts[1]):
        move_datum(nodes, points, log, run, classes, trial, classes.data[place], classes.number[place])
    run.counts[0] = slides
    for slide in range(slides):
        for column in range(run.theta.size):
            run.rows[slide, column] = trial.rows[slide, column]
            run.jump[slide, column] = trial.jump[slide, column]
        run.jump_value[slide] = trial.jump_value[slide]
        run.offsets[slide] = inner_product(trial.rows[slide], run.theta)


@lean
def slide_number(classes: Classes, trial: Trial, group: int, layer: int, k: int) -> int:
    """The number of the slide of a preactivation of a class, or NONE."""
    if classes.zero[group, layer, k] == 0:
        return NONE
    number: int = trial.slide[trial.wall[group, layer, k]]
    return number


@lean
def first_change(points: Points, classes: Classes, trial: Trial, i: int, group: int) -> int:
    """The first layer in which a datum changes its pattern, or begins or ends to slide; the depth if none."""
    depth: int = points.active.shape[0]
    width: int = points.active.shape[2]
    for layer in range(depth):
        for k in range(width):
            if points.active[layer, i, k] != trial.pattern[group, layer, k]:
                return layer
            if (points.sliding[layer, i, k] == NONE) != (slide_number(classes, trial, group, layer, k) == NONE):
                return layer
    return depth


@lean
def move_datum(
    nodes: Nodes, points: Points, log: Log, run: Run, classes: Classes, trial: Trial, i: int, group: int
) -> None:
    """Give one datum its new pattern and place; note what changed."""
    depth, _, width = points.active.shape
    begin = first_change(points, classes, trial, i, group)
    slides = False
    if begin < depth:
        take_out(points, i, begin)
    for layer in range(depth):
        for k in range(width):
            if classes.zero[group, layer, k] == 0:
                continue
            number = slide_number(classes, trial, group, layer, k)
            slides = slides or number != NONE
            if points.active[layer, i, k] != trial.pattern[group, layer, k]:
                points.active[layer, i, k] = trial.pattern[group, layer, k]
                write_change(log, layer, i, k, trial.pattern[group, layer, k])
            if points.sliding[layer, i, k] != number:
                points.sliding[layer, i, k] = number
                write_change(log, layer, i, k, STOPS if number == NONE else SLIDES + number)
            if number == NONE:
                mark(run, layer, i, k)
    if slides:
        hold(run, i)
    if begin < depth:
        for layer in range(begin, depth):
            points.node[layer + 1, i] = trial.path[group, layer + 1]
        put_in(nodes, points, i, begin)
