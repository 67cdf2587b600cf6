"""Flows of data that do not fit into memory: memory-mapped arrays, and Dask arrays on one machine or on many.

    sources          blocks of rows, tasks over them, and how results are merged
    exact_sums       sums that do not depend on the blocks
    scratch          temporary files
    merging          sorted runs made one
    directions, separated, separated_trajectory        the separated flow: an external sort
    prefix_maps      patterns as affine maps
    surveying        the first pass over the data of a chamber flow
    census           a pass: moments of every pattern, data next to every wall
    replacement      few data instead of many, and how long that holds
    windows          the flow in memory for so long
    chronicle        windows joined
    chamber, chamber_trajectory                        the chamber flow
    nearest          a pass for moving weights: data next to walls, moments of the others
    moving           the flow in memory from pass to pass
    rotation, rotation_trajectory                      the flows of rotations and of general weights
    layered_looks    how far layers can move before a datum may meet a wall
    stand_ins        few data in place of those far from walls
    layered_windows, layered                           the flow and the descent of the layers
    chamber_moments  gradients in one chamber from moments

``separated_flow``, ``chamber_flow``, ``rotation_flow``, ``general_weight_flow``, ``chamber_moments`` and
``chamber_quadratic`` come here by themselves for such points, and ``layered_flow`` for ``StreamedData``.
"""

from symflow.flow.streaming.chamber import streamed_chamber_flow
from symflow.flow.streaming.chamber_moments import streamed_chamber_moments, streamed_chamber_quadratic
from symflow.flow.streaming.chamber_trajectory import StreamedChamberTrajectory
from symflow.flow.streaming.layered import StreamedLayeredTrajectory, streamed_layered_flow
from symflow.flow.streaming.rotation import streamed_general_weight_flow, streamed_rotation_flow
from symflow.flow.streaming.rotation_trajectory import StreamedGeneralTrajectory, StreamedRotationTrajectory
from symflow.flow.streaming.separated import streamed_separated_flow
from symflow.flow.streaming.separated_trajectory import StreamedSeparatedTrajectory

__all__ = [
    "StreamedChamberTrajectory",
    "StreamedGeneralTrajectory",
    "StreamedLayeredTrajectory",
    "StreamedRotationTrajectory",
    "StreamedSeparatedTrajectory",
    "streamed_chamber_flow",
    "streamed_chamber_moments",
    "streamed_chamber_quadratic",
    "streamed_general_weight_flow",
    "streamed_layered_flow",
    "streamed_rotation_flow",
    "streamed_separated_flow",
]
