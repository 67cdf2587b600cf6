"""Data that stay where they are: read block by block, here or by the workers of a Dask scheduler.

A *task* turns one block into a small result, and a *merge* turns several results into one. Tasks and merges can be
pickled, and merges are associative: the result does not depend on the blocks, nor on who computes what. Blocks of a
Dask array are worked on by whatever scheduler is current, so that a ``distributed.Client`` gives several machines.
Nothing here imports Dask unless a Dask array is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from symflow.errors import CertificateError, KindError, ShapeError
from symflow.flow.given import LARGEST, SMALLEST_WEIGHT, read_count
from symflow.flow.streamed_arrays import is_dask, is_streamed

BLOCK = 1 << 16  # rows in memory at a time
AT_ONCE = 8  # results that are merged at a time, and chunks of a Dask array that are asked for at a time

Floats = NDArray[np.float64]
Result = TypeVar("Result")
Merge = Callable[[Sequence[Result]], Result]


@dataclass(frozen=True, eq=False)
class Block:
    """Rows ``first``, ``first`` + 1, …: points (n, Q), labels (n,) and weights (n,), None where there are none."""

    first: int
    points: Floats
    labels: NDArray[np.int64] | None
    weights: Floats | None

    def masses(self, of_class: Floats) -> Floats:
        """The weights (n,): their own, or those (K,) of their classes."""
        if self.weights is not None:
            return self.weights
        assert self.labels is not None
        return np.asarray(of_class[self.labels])


Task = Callable[[Block], Result]


@dataclass(frozen=True, eq=False)
class Source:
    """Points (N, Q) with labels 0..``classes`` − 1 and weights, read in blocks of at most ``block`` rows."""

    points: Any
    labels: Any
    weights: Any
    classes: int
    count: int
    width: int
    block: int = BLOCK

    def reduce(self, task: Task[Result], merge: Merge[Result]) -> Result:
        """The merged results of all blocks."""
        if is_dask(self.points):
            return self._reduce_by_dask(partial(reduced, task=task, merge=merge), merge)
        whole = self._chunk(0, self.count)
        return reduced(*whole, task=task, merge=merge)

    def ordered(self, task: Task[Result]) -> Iterator[Result]:
        """The results of all blocks in the order of the rows; only a few of them at a time."""
        if not is_dask(self.points):
            whole = self._chunk(0, self.count)
            yield from (task(block) for block in blocks_of(*whole))
            return
        dask, chunks = import_module("dask"), self._delayed()
        for begin in range(0, len(chunks), AT_ONCE):
            work = dask.delayed(all_results)
            for results in dask.compute(*(work(*chunk, task=task) for chunk in chunks[begin : begin + AT_ONCE])):
                yield from results

    def _chunk(self, first: int, last: int) -> tuple[Any, ...]:
        return (
            first, self.points[first:last], None if self.labels is None else self.labels[first:last],
            None if self.weights is None else self.weights[first:last], self.classes, self.block,
        )  # fmt: skip

    def _delayed(self) -> list[tuple[Any, ...]]:
        """Arguments of ``reduced`` for each chunk of the Dask array, none of them computed yet."""
        sizes = self.points.chunks[0]
        places = np.concatenate(([0], np.cumsum(sizes))).tolist()
        columns = [_pieces(array, sizes, places) for array in (self.points, self.labels, self.weights)]
        return [
            (first, *parts, self.classes, self.block)
            for first, *parts in zip(places[:-1], *columns, strict=True)
            if len(sizes)
        ]

    def _reduce_by_dask(self, work: Callable[..., Result], merge: Merge[Result]) -> Result:
        dask = import_module("dask")
        parts: list[Any] = [dask.delayed(work)(*chunk) for chunk in self._delayed()]
        while len(parts) > 1:
            parts = [dask.delayed(merge)(parts[i : i + AT_ONCE]) for i in range(0, len(parts), AT_ONCE)]
        result: Result = dask.compute(parts[0])[0]
        return result


def _pieces(array: Any, sizes: tuple[int, ...], places: list[int]) -> list[Any]:
    """An array cut like the points: lazily where it is a Dask array."""
    if array is None:
        return [None] * len(sizes)
    if not is_dask(array):
        return [np.asarray(array[i:j]) for i, j in pairwise(places)]
    cut = array.rechunk({0: sizes})
    return list(cut.to_delayed().ravel())


def blocks_of(first: int, points: Any, labels: Any, weights: Any, classes: int, block: int) -> Iterator[Block]:
    """The checked blocks of one chunk, whose first row has the number ``first``."""
    for begin in range(0, len(points), block):
        rows = slice(begin, begin + block)
        here = [None if array is None else _read(array[rows]) for array in (points, labels, weights)]
        yield check_block(first + begin, here[0], here[1], here[2], classes)


def _read(values: Any) -> NDArray[Any]:
    """In memory, and whoever else holds the array cannot change it meanwhile."""
    return np.asarray(values.compute() if is_dask(values) else values)


def reduced(*chunk: Any, task: Task[Result], merge: Merge[Result]) -> Result:
    """The merged results of the blocks of one chunk."""
    kept: list[Result] = []
    for block in blocks_of(*chunk):
        kept.append(task(block))
        if len(kept) == AT_ONCE:
            kept = [merge(kept)]
    return merge(kept)


def all_results(*chunk: Any, task: Task[Result]) -> list[Result]:
    """The results of the blocks of one chunk, in order."""
    return [task(block) for block in blocks_of(*chunk)]


def check_block(first: int, points: Any, labels: Any, weights: Any, classes: int) -> Block:
    """Read one block; KindError names the row of an entry that is no number, label or weight."""
    if points.dtype.kind not in "fiub":
        raise KindError(f"points must hold real numbers; their entries are of type {points.dtype}")
    x = np.ascontiguousarray(points, dtype=np.float64)
    if not (np.max(x) <= LARGEST and np.min(x) >= -LARGEST):  # no NaN passes this
        row, column = np.argwhere(~(np.abs(x) <= LARGEST))[0].tolist()
        raise KindError(
            f"points has the entry {x[row, column]} in row {first + row}, column {column}; every entry must be a "
            f"finite number, at most {LARGEST:.0e} in absolute value"
        )
    label = weight = None
    if labels is not None:
        if labels.dtype.kind not in "iu":
            raise KindError(f"labels must be integers 0..{classes - 1}; got {labels.dtype}")
        label = labels.astype(np.int64)
        wrong = (label < 0) | (label >= classes)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise KindError(
                f"labels must lie in 0..{classes - 1}, one for each target; row {first + row} has {label[row]}"
            )
    if weights is not None:
        if weights.dtype.kind not in "fiu":
            raise KindError(f"weights must hold real numbers; their entries are of type {weights.dtype}")
        weight = np.ascontiguousarray(weights, dtype=np.float64)
        right = (weight >= SMALLEST_WEIGHT) & (weight <= LARGEST)
        if not right.all():
            row = int(np.argmin(right))
            raise KindError(
                f"weights has the entry {weight[row]} in row {first + row}; every weight must be positive and finite: "
                "leave the point out instead"
            )
    return Block(first, x, label, weight)


def weights_of(source: Source, masses: Floats) -> Any:
    """The weights of the data; where they have none of their own, ``masses`` (K,) of their classes, as lazily."""
    if source.weights is not None:
        return source.weights
    if is_dask(source.labels):
        return source.labels.map_blocks(lambda labels: masses[labels], dtype=np.float64)
    return masses[np.asarray(source.labels)]


def _array(values: Any, what: str) -> Any:
    """An array, left where it is if it is memory-mapped or of Dask."""
    try:
        return values if values is None or is_streamed(values) else np.asarray(values)
    except ValueError as error:
        raise KindError(f"{what} cannot be read as an array: {error}") from None


def contradiction(time: float, what: str) -> CertificateError:
    """Two passes say different things of the data: the error to raise."""
    return CertificateError(
        f"at t = {time:.12g} {what}: the data changed meanwhile, or roundoff decides about them. Try another number of "
        "`explicit` data"
    )


def open_source(points: Any, labels: Any, weights: Any, classes: int, block: int = BLOCK) -> Source:
    """Check shapes and chunks; entries are checked as they are read. Raises ShapeError and KindError.

    >>> source = open_source(np.zeros((3, 2)), None, None, 0, block=2)
    >>> [block.first for block in blocks_of(*source._chunk(0, 3))]
    [0, 2]
    """
    block = read_count(block, "block", 1)
    for what, needed, given in (("points", True, points), ("labels", classes > 0, labels)):
        if needed and given is None:
            raise KindError(f"{what} are missing: None is no array")
    points, labels, weights = (
        _array(values, what) for what, values in (("points", points), ("labels", labels), ("weights", weights))
    )
    if len(points.shape) != 2 or 0 in points.shape:
        raise ShapeError(f"points need 2 axes, one row for each datum, and rows; this array has shape {points.shape}")
    count, width = points.shape
    if is_dask(points):
        if not count == count:  # noqa: PLR0124  # NaN: Dask does not know the length
            raise ShapeError("points is a Dask array of unknown length; call points.compute_chunk_sizes() first")
        if len(points.chunks[1]) != 1:
            raise ShapeError(
                f"points is a Dask array whose columns are cut into chunks {points.chunks[1]}; a datum must lie in "
                "one piece: points.rechunk({1: -1})"
            )
        if 0 in points.chunks[0]:
            points = points.rechunk({0: tuple(size for size in points.chunks[0] if size)})
    for what, array in (("labels", labels), ("weights", weights)):
        if array is not None and tuple(array.shape) != (count,):
            raise ShapeError(f"{what} have shape {tuple(array.shape)}; {count} points need ({count},)")
    return Source(points, labels, weights, classes, int(count), int(width), block)
