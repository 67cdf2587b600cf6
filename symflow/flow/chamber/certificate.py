"""An independent check of a chamber trajectory, from the points themselves.

Shares no code with the integrator: it knows the segments as functions of time, the patterns and sliding walls that they
claim, and the definition of the network. At every sampled time of every segment it computes all preactivations and the
gradient of the cost by backpropagation through the truncation maps (theory A4, B2), datum by datum, and asks

- do the preactivations have the signs of the pattern, and vanish on the sliding walls;
- is the velocity of the segment minus the gradient, where each sliding wall may add a share of its jump, and is that
  share in [0, 1] (Filippov's convex combination of the velocities on the two sides, theory D2); where a datum slides in
  two layers at once the jumps do not add, and ``inclusion`` looks at the chambers around;
- is the state continuous from segment to segment, and does the cost never increase (theory C10).

Many segments are looked at in one go (``sampling``). In the coordinates u = R_ℓ(z + β_ℓ) of the layers only the
rotations R_{ℓ+1} R_ℓᵀ from one to the next are left, and all gradients are those by R_ℓ β_ℓ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symflow.errors import CertificateError
from symflow.flow.chamber.sampling import Sampler
from symflow.flow.chamber.trajectory import ChamberTrajectory

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
    limits = {
        "residual": RESIDUAL,
        "wrong_side": STATE,
        "share": RESIDUAL,
        "discontinuity": STATE,
        "cost_increase": STATE,
    }
    worst = dict.fromkeys(limits, 0.0)
    sampler = Sampler(trajectory, samples, FOREVER)
    for first, found in sampler.run():
        bad = np.zeros(found["residual"].size, dtype=bool)
        for name, values in found.items():
            bad |= ~(values <= limits[name])
            worst[name] = max(worst[name], float(values.max()))
        if bad.any():
            place = int(bad.argmax())
            name = next(name for name, values in found.items() if not values[place] <= limits[name])
            index = first + place
            raise CertificateError(
                f"segment {index} of {len(trajectory.segments)}, from t = {trajectory.segments[index].begin:.12g}: "
                f"{name.replace('_', ' ')} is {found[name][place]:.2e}, more than {limits[name]:.0e}"
            )
    return FlowCertificate(len(trajectory.segments), sampler.times, **worst)
