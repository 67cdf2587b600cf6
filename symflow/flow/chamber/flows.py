"""The public entry: check the input, integrate, hand over the trajectory, and certify it where asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from symflow.errors import UnsupportedError
from symflow.flow.chamber.inputs import flow_problem
from symflow.flow.chamber.integrator import MOST_EVENTS, Integrator
from symflow.flow.chamber.trajectory import ChamberTrajectory
from symflow.flow.given import Progress, read_count
from symflow.flow.reporting import report_for
from symflow.flow.streamed_arrays import is_streamed


def chamber_flow(
    points: Any,
    labels: Any,
    targets: Any,
    biases: Any,
    rotations: Any,
    *,
    t_max: float,
    weights: Any = None,
    output_bias: Literal["frozen", "moving"] = "frozen",
    certify: bool = False,
    max_events: int = MOST_EVENTS,
    progress: Progress | None = None,
) -> ChamberTrajectory:
    """Gradient flow of C = ½ Σ_i w_i |z_L(x_i) - ỹ_{j(i)}|² over the cumulative biases β_1..β_L, rotations fixed.

    z_0 = x, z_ℓ = R_ℓᵀ ReLU(R_ℓ(z_{ℓ-1} + β_ℓ)) - β_ℓ (theory A4). Exact in every chamber; at its walls the flow is
    that of Clarke's inclusion: it crosses, slides or rests (theory D1, D2). Where that is not unique, or roundoff
    decides it, the trajectory ends there and its status says so.

    Args:
        points: x, (N, Q). A memory-mapped array or a Dask array stays where it is, and so do labels and weights beside
            it (``streaming``).
        labels: j(i), (N,), integers 0..K-1.
        targets: ỹ, (K, Q).
        biases: β_1..β_L at time 0, (L, Q).
        rotations: R_1..R_L orthogonal, (L, Q, Q).
        t_max: integrate up to this time.
        weights: w_i > 0, (N,); 1/N_j for a datum of class j unless given.
        output_bias: "moving" lets β_{L+1} flow as well, which shifts all targets together (theory B7).
        certify: check every segment from the points, at its ends and once in between (``certificate``), and isolate
            every event in ball arithmetic, with proof that none comes earlier (``balls``); both certificates stand in
            ``trajectory.certificate``. Takes some ten times as long as the flow.
        max_events: stop with status "max-events" after so many events.
        progress: called with t/t_max now and then.

    Returns:
        The trajectory: ``bias(times)``, ``loss(times)``, ``events``, ``segments``, ``status``, ``message``.

    Raises:
        ShapeError, KindError: input that does not fit; the message says what.
        CertificateError: with ``certify``, the trajectory does not pass.
        UnsupportedError: ``certify`` for data that stay where they are.

    References:
        arXiv:2501.07400; theory A3, A4, B2, B7, D1, D2.

    Two points on a line. The threshold q = -β reaches the second one at log(5/4) and stays there for ever:

    >>> flow = chamber_flow([[-1.0], [0.0]], [0, 1], [[2.0], [-3.0]], [[0.5]], [[[1.0]]], t_max=10.0)
    >>> flow.status, [round(event.time, 12) for event in flow.events]
    ('equilibrium', [0.223143551314])
    >>> flow.segments[-1].sliding
    (SlidingWall(layer=1, component=0, data=(1,)),)
    """
    if is_streamed(points):
        if certify:
            raise UnsupportedError("certify=True reads all points at every event; load them: points = np.array(points)")
        from symflow.flow.streaming import streamed_chamber_flow

        return streamed_chamber_flow(
            points, labels, targets, biases, rotations,
            t_max=t_max, weights=weights, output_bias=output_bias, max_events=max_events, progress=progress,
        )  # fmt: skip
    problem = flow_problem(
        points, labels, targets, biases, rotations,
        t_max=t_max, weights=weights, output_bias=output_bias,
    )  # fmt: skip
    integrator = Integrator(problem, read_count(max_events, "max_events"), report_for(progress, problem.t_max))
    integrator.run()
    t_end = problem.t_max if integrator.status in {"horizon", "equilibrium"} else integrator.state.time
    trajectory = ChamberTrajectory(
        problem, integrator.state.log, integrator.start_pattern, integrator.status, integrator.message, float(t_end),
    )  # fmt: skip
    if not certify:
        return trajectory
    from symflow.flow.chamber.balls import isolate_events
    from symflow.flow.chamber.certificate import check_trajectory

    check = check_trajectory(trajectory, samples=1)
    return replace(trajectory, certificate=(check, isolate_events(trajectory)))
