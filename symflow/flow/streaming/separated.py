"""The separated flow of data that do not fit into memory: two passes over the data between start and target.

The first pass rotates block after block, keeps what lies between start and target, sorts it, and writes it down as a
sorted run; of the rest it keeps counts and sums. The second merges the runs and adds up event times on the way. Memory
is bounded by the size of a block, files take 16 bytes (with weights 32) for each event. Which datum an event belongs to
is found by a further pass when ``events`` is first asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from symflow.flow.separated.reading import Frame, read_frame
from symflow.flow.streaming.directions import (
    RunningSum,
    Side,
    StreamedDirection,
    durations,
    masses_by_count,
    spans,
)
from symflow.flow.streaming.merging import merged
from symflow.flow.streaming.scratch import Scratch, Writer
from symflow.flow.streaming.separated_trajectory import StreamedSeparatedTrajectory
from symflow.flow.streaming.sources import Block, Source, open_source

Floats = NDArray[np.float64]
ROWS = 1 << 18  # rows of a block, and with that the length of the runs


@dataclass(frozen=True)
class Run:
    """What one block says of one direction: a sorted run with its companions, and the sums of a ``Side``."""

    met: Floats
    companions: tuple[NDArray[Any], ...]
    below: int
    extremes: tuple[float, float]
    sums: tuple[float, ...]  # driving, remaining, total, above, ahead


@dataclass(frozen=True, eq=False)
class Sorting:
    """The task of the first pass: a block to its runs, one for each direction."""

    frame: Frame
    weight: float
    numbered: bool = False

    def __call__(self, block: Block) -> list[Run]:
        """Keys of a run are x where the threshold rises and −x where it falls: it meets them in rising order."""
        coordinates = self.frame.coordinates(block.points)
        return [
            self._run(block, row, float(start), float(target))
            for row, start, target in zip(coordinates, self.frame.start, self.frame.target, strict=True)
        ]

    def _run(self, block: Block, row: Floats, start: float, target: float) -> Run:
        weights = np.broadcast_to(self.weight, row.shape) if block.weights is None else block.weights
        under = row <= start
        between = ~under & (row < target) if target > start else under & (row > target)
        met = row[between] if target > start else -row[between]
        companions: list[NDArray[Any]] = []
        if block.weights is not None:
            companions.append(weights[between])
        if self.numbered:
            companions.append(block.first + np.flatnonzero(between))
        if companions:
            order = np.argsort(met, kind="stable")
            met, companions = met[order], [array[order] for array in companions]
        else:
            met.sort()
        stay = row <= min(start, target)
        ahead = row >= target if target > start else ~under
        costs = weights * (row - target) ** 2
        sums = [weights[under], weights[stay], weights, costs[~under], costs[ahead]]
        extremes = float(row.min()), float(row.max())
        return Run(met, tuple(companions), int(under.sum()), extremes, tuple(float(part.sum()) for part in sums))


@dataclass(eq=False)
class Runs:
    """All runs of one direction, one behind the other in files."""

    met: Writer
    companions: tuple[Writer, ...]
    ends: list[int]

    def append(self, run: Run) -> None:
        """Write one more run, unless it is empty."""
        if len(run.met):
            self.met.append(run.met)
            for writer, values in zip(self.companions, run.companions, strict=True):
                writer.append(values)
            self.ends.append(self.met.size)

    def merged(self, block: int) -> Any:
        """Blocks of the sorted whole, with companions."""
        keys, others = self.met.array(), [writer.array() for writer in self.companions]
        places = list(zip([0, *self.ends[:-1]], self.ends, strict=True))
        return merged([keys[i:j] for i, j in places], [[own[i:j] for own in others] for i, j in places], block)

    def remove(self) -> None:
        """Delete the files: what is mapped of them stays readable."""
        for writer in (self.met, *self.companions):
            writer.path.unlink()


def sorted_runs(source: Source, sorting: Sorting, scratch: Scratch) -> tuple[list[Runs], list[list[Run]]]:
    """One pass: the runs of each direction in files, and, for each block, what it says besides."""
    kinds = ([np.float64] if source.weights is not None else []) + ([np.int64] if sorting.numbered else [])
    files = [Runs(scratch.writer(), tuple(scratch.writer(kind) for kind in kinds), []) for _ in range(source.width)]
    said = []
    for runs in source.ordered(sorting):
        for own, run in zip(files, runs, strict=True):
            own.append(run)
        said.append([Run(np.empty(0), (), run.below, run.extremes, run.sums) for run in runs])
    return files, said


def streamed_separated_flow(
    points: Any,
    target: ArrayLike,
    bias: ArrayLike,
    *,
    rotation: ArrayLike | None = None,
    weights: Any = None,
    block: int = ROWS,
) -> StreamedSeparatedTrajectory:
    """``separated_flow`` for ``points`` (N, Q) that are a memory-mapped array or a Dask array, or any other array.

    ``weights`` may be an array of any of these kinds. ``block``: how many rows are in memory at a time. Values are
    those of the flow in memory; with equal weights event times are the same float for float, whatever the blocks,
    unless a rotation rounds the coordinates differently.

    Raises ShapeError and KindError as ``separated_flow``; a message names the row of an entry that is no number.

    >>> flow = streamed_separated_flow(np.array([[0.0], [1.0]]), target=[2.0], bias=[0.0])
    >>> flow.kind, flow.collapse_time, flow.events["point"].tolist()
    ('collapsed', 1.3862943611198906, [1])
    """
    source = open_source(points, None, weights, 0, block)
    frame = read_frame(target, bias, rotation, source.width)
    sorting = Sorting(frame, 1 / source.count)
    scratch = Scratch()
    try:
        files, said = sorted_runs(source, sorting, scratch)
        directions = tuple(
            _direction(source, scratch, runs, [runs_of[k] for runs_of in said], float(start), float(end))
            for k, (runs, start, end) in enumerate(zip(files, frame.start, frame.target, strict=True))
        )
    except BaseException:
        scratch.close()
        raise
    return StreamedSeparatedTrajectory(frame, source, scratch, directions)


def _side(said: Sequence[Run]) -> Side:
    driving, remaining, total, above, ahead = (
        math.fsum(values) for values in zip(*(run.sums for run in said), strict=True)
    )
    return Side(
        sum(run.below for run in said), min(run.extremes[0] for run in said), max(run.extremes[1] for run in said),
        driving, remaining, total, above, ahead,
    )  # fmt: skip


def _direction(
    source: Source, scratch: Scratch, runs: Runs, said: Sequence[Run], start: float, target: float
) -> StreamedDirection:
    """Merge the runs; masses and times on the way."""
    side, rising = _side(said), target > start
    size = runs.met.size if side.below else 0  # nothing drives the threshold: it meets nobody
    met, times = scratch.array(size), scratch.array(size + 1)
    weighted = source.weights is not None
    weights = scratch.array(size) if weighted else None
    begin = 0
    for key, *companions in runs.merged(source.block) if size else ():
        end = begin + len(key)
        met[begin:end] = key if rising else -key
        if weights is not None:
            weights[begin:end] = companions[0]
        begin = end
    runs.remove()
    masses = None if weights is None else _masses(scratch, weights, side, rising)
    times[0], elapsed, corner = 0.0, RunningSum(), start
    for begin, end in spans(size):
        stages = np.arange(begin, end) if rising else -np.arange(begin, end)
        mass = (
            masses_by_count(side.below, stages, source.count, 1 / source.count) if masses is None else masses[begin:end]
        )
        times[begin + 1 : end + 1] = elapsed.add(durations(np.concatenate(([corner], met[begin:end])), target, mass))
        corner = float(met[end - 1])
    one = 1 / source.count
    return StreamedDirection(
        scratch, side, source.count, start, target, met, one if weights is None else weights, masses, times
    )


def _masses(scratch: Scratch, weights: Floats, side: Side, rising: bool) -> Floats:
    """What drives the threshold at the start and after each event; summed from the smallest mass on."""
    size = len(weights)
    masses: Floats = scratch.array(size + 1)
    running = RunningSum(side.remaining if side.below else 0.0)
    masses[0 if rising else size] = side.remaining if side.below else 0.0
    for begin, end in spans(size):
        if rising:
            masses[begin + 1 : end + 1] = running.add(weights[begin:end])
        else:
            rows = slice(size - end, size - begin)
            masses[rows] = running.add(weights[rows][::-1])[::-1]
    return masses
