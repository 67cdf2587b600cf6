"""Gradient flow with moving weights: rotations on the orthogonal group, general weights on spheres; across walls.

``rotation_flow``: all cumulative biases and rotations of adapted weights (theory B2, B4, B5).
``general_weight_flow``: all cumulative weights, with or without their biases (theory B2, B8).
``chamber_moments``: the right side of the first in one chamber, from moments of the data alone (theory C8).
"""

from symflow.flow.rotation.general import general_weight_flow
from symflow.flow.rotation.moments import ChamberMoments, chamber_moments
from symflow.flow.rotation.rotations import rotation_flow
from symflow.flow.rotation.trajectories import Event, InvariantError, RotationTrajectory, Trajectory

__all__ = [
    "ChamberMoments",
    "Event",
    "InvariantError",
    "RotationTrajectory",
    "Trajectory",
    "chamber_moments",
    "general_weight_flow",
    "rotation_flow",
]
