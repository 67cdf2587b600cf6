"""The flows of rotations and of general weights for data that do not fit into memory (``moving``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from symflow.flow.given import Progress, read_count, read_horizon, read_tolerance
from symflow.flow.reporting import report_for
from symflow.flow.rotation.charts import CayleyChart
from symflow.flow.rotation.general import chart_maker, general_problem
from symflow.flow.rotation.rotations import rotation_problem
from symflow.flow.streaming.moving import EXPLICIT, Run
from symflow.flow.streaming.rotation_trajectory import StreamedGeneralTrajectory, StreamedRotationTrajectory
from symflow.flow.streaming.sources import BLOCK, Source, open_source
from symflow.flow.streaming.surveying import survey
from symflow.network.arrays import as_array, as_floats

Floats = NDArray[np.float64]


def streamed_rotation_flow(
    points: Any,
    labels: Any,
    targets: Any,
    biases: Any,
    rotations: Any,
    *,
    t_max: float,
    rtol: float = 1e-9,
    weights: Any = None,
    progress: Progress | None = None,
    explicit: int = EXPLICIT,
    block: int = BLOCK,
) -> StreamedRotationTrajectory:
    """``rotation_flow`` for ``points`` (N, Q) that are a memory-mapped array or a Dask array, or any other array.

    ``labels`` and ``weights`` may be arrays of any of these kinds. ``explicit``: how many data a window keeps;
    ``block``: how many rows are in memory at a time. The result agrees with the flow in memory up to ``rtol``: steps
    end where windows end.

    Raises what ``rotation_flow`` raises; a message names the row of a wrong entry. CertificateError: two passes
    contradict each other, so that the result would be wrong.

    >>> x = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> flow = streamed_rotation_flow(x, [0, 1], [[2, 0], [0, -1]], [[0.5, -0.5]], [np.eye(2)], t_max=5, explicit=1)
    >>> flow.status, flow.windows > 1, bool(flow.loss([5.0])[0] < flow.loss([0.0])[0])
    ('finished', True, True)
    """
    t_max, rtol, explicit = read_horizon(t_max), read_tolerance(rtol), read_count(explicit, "explicit", 1)
    source, given = opened(points, labels, targets, weights, block)
    empty = rotation_problem(*given, biases, rotations, None)
    run = Run(source, survey(source), empty, CayleyChart, t_max, rtol, explicit, report_for(progress, t_max))
    outcome, message = run.go()
    return StreamedRotationTrajectory(
        empty, run.pieces, run.events, outcome.status, message, run.evaluations, {"rtol": rtol}, stream=run.stream
    )


def streamed_general_weight_flow(
    points: Any,
    labels: Any,
    targets: Any,
    biases: Any,
    cumulative: Any,
    *,
    t_max: float,
    rtol: float = 1e-9,
    weights: Any = None,
    fixed_biases: bool = False,
    progress: Progress | None = None,
    explicit: int = EXPLICIT,
    block: int = BLOCK,
) -> StreamedGeneralTrajectory:
    """``general_weight_flow`` for ``points`` (N, Q) that are a memory-mapped array or a Dask array, or any other array.

    The rest as for ``streamed_rotation_flow``; raises what ``general_weight_flow`` raises, and CertificateError.

    >>> x, W = np.array([[1.0, 0.0], [0.0, 1.0]]), [[[1.0, 0.5], [0.0, 2.0]]]
    >>> flow = streamed_general_weight_flow(x, [0, 1], [[2, 0], [0, -1]], [[0.5, -0.5]], W, t_max=1, explicit=1)
    >>> np.linalg.norm(flow.weight([1.0])[0, 0], axis=1) ** 2
    array([1.25, 4.  ])
    """
    t_max, rtol, explicit = read_horizon(t_max), read_tolerance(rtol), read_count(explicit, "explicit", 1)
    source, given = opened(points, labels, targets, weights, block)
    empty = general_problem(*given, biases, cumulative, None)
    charts = chart_maker(empty, fixed_biases)
    run = Run(source, survey(source), empty, charts, t_max, rtol, explicit, report_for(progress, t_max))
    outcome, message = run.go()
    return StreamedGeneralTrajectory(
        empty, run.pieces, run.events, outcome.status, message, run.evaluations,
        {"rtol": rtol, "fixed_biases": fixed_biases}, stream=run.stream,
    )  # fmt: skip


def opened(
    points: Any, labels: Any, targets: Any, weights: Any, block: int
) -> tuple[Source, tuple[Floats, NDArray[np.intp], Floats]]:
    """The data, to be read in blocks; and to check the rest with, one point at the origin for each class instead."""
    goals = as_floats(as_array(targets, "targets", 2))
    source = open_source(points, labels, weights, len(goals), block)
    return source, (np.zeros((len(goals), source.width)), np.arange(len(goals)), goals)
