"""An independent check of a chamber trajectory, from the points themselves.

Shares no code with the integrator: it knows the segments as functions of time, the patterns and sliding walls that they
claim, and the definition of the network. At every sampled time of every segment it computes all preactivations and the
gradient of the cost by backpropagation through the truncation maps (theory A4, B2), datum by datum, and asks

- do the preactivations have the signs of the pattern, and vanish on the sliding walls;
- is the velocity of the segment minus the gradient, where each sliding wall may add a share of its jump, and is that
  share in [0, 1] (Filippov's convex combination of the velocities on the two sides, theory D2); where a datum slides in
  two layers at once the jumps do not add, and ``inclusion`` looks at the chambers around;
- is the state continuous from segment to segment, and does the cost never increase (theory C10).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symflow.errors import CertificateError
from symflow.flow.chamber.inclusion import distance_to_hull, neighbouring_patterns
from symflow.flow.chamber.inputs import FlowProblem
from symflow.flow.chamber.trajectory import ChamberTrajectory, Segment
from symflow.network.arrays import Array

STATE = 1e-10  # preactivations on the wrong side, jumps of the state: share of the state's size
RESIDUAL = 1e-9  # velocity against gradient: share of the gradient's summands
FOREVER = 40.0  # an equilibrium is followed for this many e-folds of its slowest rate


@dataclass(frozen=True, slots=True)
class FlowCertificate:
    """What the check found: the largest defects, each relative to the sizes of its summands."""

    segments: int
    times: int
    residual: float  # velocity + gradient
    wrong_side: float  # preactivations against the pattern, and on sliding walls
    share: float  # by how much a sliding share leaves [0, 1], times its jump
    discontinuity: float
    cost_increase: float


def check_trajectory(trajectory: ChamberTrajectory, *, samples: int = 4) -> FlowCertificate:
    """Check every segment at its ends and at ``samples`` times in between.

    Raises:
        CertificateError: the trajectory is not the gradient flow that it claims to be; the message says where.

    >>> from symflow.flow import chamber_flow
    >>> flow = chamber_flow([[-1.0], [0.0]], [0, 1], [[2.0], [-3.0]], [[0.5]], [[[1.0]]], t_max=10.0)
    >>> check_trajectory(flow).segments
    2
    """
    problem = trajectory.problem
    size = 1.0 + float(np.abs(problem.points).max())
    active = trajectory.start_pattern.copy()
    worst = {"residual": 0.0, "wrong_side": 0.0, "share": 0.0, "discontinuity": 0.0, "cost_increase": 0.0}
    limits = {
        "residual": RESIDUAL,
        "wrong_side": STATE,
        "share": RESIDUAL,
        "discontinuity": STATE,
        "cost_increase": STATE,
    }
    count = 0
    cost_before = np.inf
    state_before = problem.start
    for index, segment in enumerate(trajectory.segments):
        if index:
            for change in segment.changes:
                active[change.layer - 1, change.datum, change.component] = change.active
        held = _sliding_places(segment, active.shape)
        if active[held >= 0].any():
            raise CertificateError(f"segment {index}: a datum on a sliding wall is counted as active")
        jump = float(np.abs(segment.theta_at(np.array([segment.begin]))[0] - state_before).max()) / size
        found = {"discontinuity": jump}
        for time in _times(segment, samples, last=index == len(trajectory.segments) - 1, trajectory=trajectory):
            count += 1
            theta = segment.theta_at(np.array([time]))[0]
            since = time - segment.begin
            velocity = segment.directions @ (segment.velocity * np.exp(-segment.rates * since))
            defects, cost = _defects(problem, theta, velocity, active, held)
            defects["cost_increase"] = max(0.0, (cost - cost_before) / (1.0 + cost))
            cost_before = cost
            for name, value in defects.items():
                found[name] = max(found.get(name, 0.0), value)
        for name, value in found.items():
            if not value <= limits[name]:
                raise CertificateError(
                    f"segment {index} of {len(trajectory.segments)}, from t = {segment.begin:.12g}: "
                    f"{name.replace('_', ' ')} is {value:.2e}, more than {limits[name]:.0e}"
                )
            worst[name] = max(worst[name], value)
        state_before = segment.theta_at(np.array([segment.end]))[0]
    return FlowCertificate(len(trajectory.segments), count, **worst)


def _times(segment: Segment, samples: int, *, last: bool, trajectory: ChamberTrajectory) -> Array:
    end = segment.end
    if last and trajectory.status == "equilibrium":
        moving = segment.rates[segment.velocity != 0.0]
        end = segment.begin + (FOREVER / max(float(moving.min()), 1e-6) if moving.size else 1.0)
        early = np.geomspace(1e-3, 1.0, samples + 2) * (end - segment.begin) + segment.begin
        return np.concatenate(([segment.begin], early))
    inner = 0.5 - 0.5 * np.cos(np.pi * np.arange(samples + 2) / (samples + 1))
    times: Array = segment.begin + (end - segment.begin) * inner
    return times


def _sliding_places(segment: Segment, shape: tuple[int, ...]) -> Array:
    """(L, N, Q): number of the sliding wall of each preactivation, -1 for none."""
    held = np.full(shape, -1)
    for number, wall in enumerate(segment.sliding):
        for datum in wall.data:
            held[wall.layer - 1, datum, wall.component] = number
    return held


def _defects(
    problem: FlowProblem, theta: Array, velocity: Array, active: Array, held: Array
) -> tuple[dict[str, float], float]:
    depth, width = problem.biases.shape
    beta = theta[: depth * width].reshape(depth, width)
    shift = theta[depth * width :] if problem.moving else np.zeros(width)
    z = problem.points
    wrong = 0.0
    size = 1.0 + float(np.abs(problem.points).max()) + float(np.abs(theta).max())
    for layer, (rotation, b) in enumerate(zip(problem.rotations, beta, strict=True)):
        u = (z + b) @ rotation.T
        slid = held[layer] >= 0
        against = np.where(slid, np.abs(u), np.where(active[layer], -u, u))
        wrong = max(wrong, float(against.max()))
        z = np.where(active[layer], u, 0.0) @ rotation - b
    residual = problem.weights[:, None] * (z - problem.targets + shift)
    cost = 0.5 * float((residual * (z - problem.targets + shift)).sum())
    base = _gradient(problem, residual, active)
    sizes = np.abs(z) + np.abs(problem.targets) + np.abs(problem.points) + np.abs(shift)
    scale = float(problem.weights @ sizes.sum(axis=1)) + 1e-300
    walls = int(held.max()) + 1
    jumps = np.empty((base.size, walls))
    for number in range(walls):
        jumps[:, number] = _gradient(problem, residual, active | (held == number)) - base
    share = 0.0
    left = velocity + base
    if walls and ((held >= 0).any(axis=2).sum(axis=0) > 1).any():
        around = neighbouring_patterns(problem, active, held)
        corners = np.array([_gradient(problem, residual, pattern) for pattern in around])
        left = np.array([distance_to_hull(corners, -velocity)])
    elif walls:
        shares = np.linalg.lstsq(jumps, -left, rcond=1e-13)[0]
        left = left + jumps @ shares
        excess = np.maximum(0.0, np.maximum(-shares, shares - 1.0))
        share = float((excess * np.linalg.norm(jumps, axis=0)).max()) / scale
    return {"residual": float(np.abs(left).max()) / scale, "wrong_side": wrong / size, "share": share}, cost


def _gradient(problem: FlowProblem, residual: Array, active: Array) -> Array:
    """∂C/∂β_ℓ = -Σ_i (1 - P_ℓ) p_ℓ for all layers, p_{ℓ-1} = P_ℓ p_ℓ, and Σ_i p_L for a moving output bias."""
    parts = [residual.sum(axis=0)] if problem.moving else []
    p = residual
    for layer in range(active.shape[0] - 1, -1, -1):
        rotation = problem.rotations[layer]
        v = p @ rotation.T
        kept = active[layer]
        parts.insert(0, -(np.where(kept, 0.0, v) @ rotation).sum(axis=0))
        p = np.where(kept, v, 0.0) @ rotation
    return np.concatenate(parts)
