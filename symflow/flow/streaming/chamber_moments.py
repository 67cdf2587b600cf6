"""``chamber_moments`` and ``chamber_quadratic`` for data that do not fit into memory: one pass for all moments.

Per pattern and class the triangular factor F of the rows (x, 1)√ω has the moments of the data (``nearest``).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from symflow.flow.chamber.inputs import flow_problem
from symflow.flow.chamber.quadratics import ChamberQuadratic
from symflow.flow.rotation.equations import Parameters
from symflow.flow.rotation.moments import ChamberMoments, checked_problem
from symflow.flow.rotation.prefix_tree import tree_of
from symflow.flow.rotation.reach import RotationReach
from symflow.flow.streaming.nearest import MovingLook, Sorted, Sorting
from symflow.flow.streaming.prefix_maps import prefix_map
from symflow.flow.streaming.rotation import opened
from symflow.flow.streaming.sources import BLOCK, Floats, Source
from symflow.flow.streaming.surveying import survey


def streamed_chamber_moments(
    points: Any, labels: Any, targets: Any, biases: Any, rotations: Any, *, weights: Any = None, block: int = BLOCK
) -> ChamberMoments:
    """``chamber_moments`` for ``points`` (N, Q) that are a memory-mapped array or a Dask array, or any other array.

    Raises what ``chamber_moments`` raises; a message names the row of a wrong entry.

    >>> found = streamed_chamber_moments(np.eye(2), [0, 1], np.eye(2), [[0.5, 0.5]], [np.eye(2)])
    >>> found.patterns
    1
    """
    source, given = opened(points, labels, targets, weights, block)
    problem = checked_problem(*given, biases, rotations, None)
    moments: dict[bytes, tuple[Floats, Floats]] = {}
    for (pattern, label), (_, factor) in _grouped(source, problem.biases, problem.weights).groups.items():
        gram = factor.T @ factor
        goal = np.outer(gram[-1], problem.targets[label])
        before = moments.get(pattern, (0.0, 0.0))
        moments[pattern] = before[0] + gram, before[1] + goal
    patterns = np.frombuffer(b"".join(moments), dtype=bool).reshape(len(moments), problem.depth, problem.dimension)
    grams, goals = (np.array(part) for part in zip(*moments.values(), strict=True))
    return ChamberMoments(tree_of(patterns, grams, goals))


def streamed_chamber_quadratic(
    points: Any,
    labels: Any,
    targets: Any,
    biases: Any,
    rotations: Any,
    *,
    weights: Any = None,
    output_bias: Literal["frozen", "moving"] = "frozen",
    block: int = BLOCK,
) -> ChamberQuadratic:
    """``chamber_quadratic`` for ``points`` (N, Q) that are a memory-mapped array or a Dask array, or any other array.

    Raises what ``chamber_quadratic`` raises; a message names the row of a wrong entry.

    >>> data = [[-1.0], [3.0], [-4.0]], [0, 1, 0], [[2.0], [1.0]]
    >>> local = streamed_chamber_quadratic(*data, [[0.5]], [[[1.0]]], weights=[0.5, 0.5, 1.0])
    >>> local.gradient(np.array([1.0])), float(local.cost(np.array([1.0])))
    (array([4.5]), 7.75)
    """
    source, given = opened(points, labels, targets, weights, block)
    problem = flow_problem(*given, biases, rotations, t_max=1.0, weights=None, output_bias=output_bias)
    theta, (depth, width) = problem.start, problem.biases.shape
    hessian, linear, constant = np.zeros((theta.size, theta.size)), np.zeros(theta.size), 0.0
    groups = _grouped(source, problem.biases, problem.rotations).groups
    bits = 1 << np.arange(width, dtype=np.int64)
    for (pattern, label), (_, factor) in groups.items():
        codes = np.frombuffer(pattern, dtype=bool).reshape(depth, width) @ bits
        image, slope = prefix_map(problem.rotations, codes.tolist())
        if problem.moving:
            slope = np.column_stack([slope, np.eye(width)])
        root = factor[:, -1]
        residuals = root[:, None] * problem.targets[label] - factor[:, :-1] @ image.T
        hessian += (root @ root) * (slope.T @ slope)
        linear += slope.T @ (root @ residuals)
        constant += 0.5 * float((residuals**2).sum())
    return ChamberQuadratic(hessian, linear, constant, theta, len({pattern for pattern, _ in groups}))


def _grouped(source: Source, biases: Floats, rotations: Floats) -> Sorted:
    """All data in groups, at these parameters."""
    at = Parameters(biases, rotations, np.ascontiguousarray(rotations.transpose(0, 2, 1)))
    task = Sorting(MovingLook(at, RotationReach()), survey(source).masses, 0, -1.0)
    return source.reduce(task, task.merge)
