"""Gradient flow of the cumulative biases, rotations fixed, for any truncations: exact from event to event.

Why not an ODE solver: the right side jumps at every wall, trajectories slide along walls as a rule rather than by
exception, and general solvers then chatter, stall, or report success with a wrong end state. Inside a chamber the flow
is linear and its walls are sums of exponentials, so events are first roots that can be found without missing one.

    inputs         what is given, checked
    prefixes       patterns of the first layers as affine maps
    bookkeeping    which datum is next to which wall, moments of the patterns
    exponentials   first roots of sums of exponentials
    stepping       one segment: the exact flow by its modes, and the event that ends it
    nearby         the same by a Taylor polynomial, where the event comes soon
    advancing      the compiled event loop: plain crossings and slides by itself (``passing``, ``plain_choices``),
    settling       joins and leaves of atoms and ends of slides by trying every choice, as long as one is clear
    resolving      for what is left, and the verdicts: all chambers and faces around the state (``fans``), and which of
                   them the flow can go on along (``judging``, ``walls``, ``hulls``)
    integrator     the event loop around them
    trajectory     what is returned
    certificate    an independent check from the points (``sampling``, ``sampled_shares``, ``inclusion``)
    quadratics     the cost of one chamber as a polynomial, for gradients without data
    balls          event times isolated in ball arithmetic: the replay. Its parts, bottom up: ``ball_bounds``,
                   ``ball_flow``, ``ball_patterns``, ``ball_fans``, ``ball_slides``, ``ball_walls``,
                   ``ball_positive``, ``ball_pieces``, ``ball_passing`` and ``ball_between``
"""

from symflow.flow.chamber.certificate import FlowCertificate, check_trajectory
from symflow.flow.chamber.flows import chamber_flow
from symflow.flow.chamber.quadratics import ChamberQuadratic, chamber_quadratic
from symflow.flow.chamber.trajectory import ChamberTrajectory, Event, PatternChange, Segment, SlidingWall

__all__ = [
    "ChamberQuadratic",
    "ChamberTrajectory",
    "Event",
    "FlowCertificate",
    "PatternChange",
    "Segment",
    "SlidingWall",
    "chamber_flow",
    "chamber_quadratic",
    "check_trajectory",
]
