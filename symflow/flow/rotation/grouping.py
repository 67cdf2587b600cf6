"""Data with one activation pattern and one target, replaced by at most Q + 1 rows with the same moments (theory C8).

The gradients see a group only through its count, first and second moments, that is through the Gram matrix of its rows
(x, 1)√ω. The triangular factor of a QR decomposition has the same Gram matrix and Q + 1 rows. Unlike the moments
themselves it is a list of rows, so nothing else in the package needs to know, and nothing is squared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from symflow.flow.rotation.equations import Rows
from symflow.flow.rotation.problem import Floats, Problem

FEW = 32  # groups that are looked for one by one sooner than by sorting all data
MOST_FACTORS = 256  # kept for groups that come back


class Patterns:
    """Activation patterns (L, N, Q) of all data, which of the entries slide, and the rows that stand for the data.

    ``sliding`` (L, N, Q) holds 0, or the number of the wall (from 1) that the datum slides on there.
    """

    def __init__(self, problem: Problem, active: NDArray[np.bool_]) -> None:
        self.active = active
        self.sliding = np.zeros(active.shape, dtype=np.int16)
        root = np.sqrt(problem.masses)
        self._homogeneous = np.column_stack([problem.points * root[:, None], root])
        self._goals = problem.targets
        self._targets = problem.targets * root[:, None]
        self._labels = problem.labels
        self._background = problem.background
        self._groups: dict[int, tuple[Floats, Floats, int]] = {}
        self._factors: dict[bytes, tuple[Floats, Floats, int]] = {}
        self._numbers: dict[bytes, int] = {}
        self._group_of = np.full(active.shape[1], -1)
        self._rows: Rows | None = None
        self._row_slides = self.sliding
        self.refresh(np.arange(active.shape[1]))

    def refresh(self, changed: NDArray[np.intp]) -> None:
        """Regroup after the patterns of the given data have changed; other groups are left as they are."""
        touched = set(self._group_of[changed].tolist()) - {-1}
        names = np.concatenate(
            [
                np.packbits(self.active[:, changed].transpose(1, 0, 2).reshape(len(changed), -1), axis=1),
                _bytes(self.sliding[:, changed].transpose(1, 0, 2).reshape(len(changed), -1)),
                _bytes(self._labels[changed, None]),
            ],
            axis=1,
        )
        name = names.view(np.dtype((np.void, names.shape[1]))).reshape(-1)
        kinds, kind_of = np.unique(name, return_inverse=True)
        numbers = [self._numbers.setdefault(kind.tobytes(), len(self._numbers)) for kind in kinds]
        self._group_of[changed] = np.array(numbers)[kind_of]
        touched |= set(self._group_of[changed].tolist())
        if len(touched) <= FEW:
            for number in sorted(touched):
                self._regroup(number, np.flatnonzero(self._group_of == number))
            self._rows = None
            return
        # A stable sort finds the members of all touched groups at once, though they be a thousand.
        order = np.argsort(self._group_of, kind="stable")
        ordered = self._group_of[order]
        for number in sorted(touched):
            first, last = np.searchsorted(ordered, [number, number + 1])
            self._regroup(number, order[first:last])
        self._rows = None

    def _regroup(self, number: int, members: NDArray[np.intp]) -> None:
        if not len(members):
            self._groups.pop(number, None)
            return
        rows, first = self._homogeneous[members], int(members[0])
        if len(rows) <= rows.shape[1]:
            self._groups[number] = rows, self._targets[members], first
            return
        # At an event the same groups come back for every combination of modes that is tried.
        name = members.tobytes()
        known = self._factors.get(name)
        if known is None:
            factor = np.asarray(np.linalg.qr(rows)[1])
            known = factor, factor[:, -1:] * self._goals[first], first
            if len(self._factors) >= MOST_FACTORS:
                self._factors.clear()
            self._factors[name] = known
        self._groups[number] = known

    @property
    def rows(self) -> Rows:
        """The rows that stand for all data; sliding entries have mask 0."""
        if self._rows is None:
            groups = list(self._groups.values())
            members = np.repeat([first for _, _, first in groups], [len(rows) for rows, _, _ in groups])
            stacked = np.concatenate([rows for rows, _, _ in groups])
            self._rows = Rows(
                np.ascontiguousarray(stacked[:, :-1]),
                np.ascontiguousarray(stacked[:, -1]),
                np.concatenate([targets for _, targets, _ in groups]),
                np.array(self.active[:, members], dtype=float, order="C"),
            )
            self._row_slides = self.sliding[:, members]
            behind = self._background
            if behind is not None:
                self._rows = Rows(
                    np.concatenate([self._rows.points, behind.points]),
                    np.concatenate([self._rows.scales, behind.scales]),
                    np.concatenate([self._rows.targets, behind.targets]),
                    np.concatenate([self._rows.masks, behind.masks], axis=1),
                )
                still = np.zeros(behind.masks.shape, dtype=self.sliding.dtype)
                self._row_slides = np.concatenate([self._row_slides, still], axis=1)
        return self._rows

    @property
    def row_slides(self) -> NDArray[np.int16]:
        """``sliding`` (L, n, Q) of the rows."""
        _ = self.rows  # brings the slides of the rows up to date
        return self._row_slides

    def rows_on(self, wall: int) -> NDArray[np.intp]:
        """Places among ``rows`` of the data that slide on the wall with this number."""
        return np.flatnonzero((self.row_slides == wall).any(axis=(0, 2)))

    def tied(self, layer: int, datum: int, identity: NDArray[np.intp]) -> NDArray[np.intp]:
        """All data whose state before ``layer`` is that of ``datum`` for ever, while the patterns stand.

        Equal points are tied. So are data that one layer truncates wholly, z_j = −β_j, and later ones treat alike.
        ``identity`` (N,) is equal for equal points.
        """
        off = np.asarray(~self.active[:layer].any(axis=2))
        if not off[:, datum].any():
            return np.flatnonzero(identity == identity[datum])
        last = np.where(off.any(axis=0), layer - 1 - np.argmax(off[::-1], axis=0), -1)
        since = int(last[datum])
        same = last == since
        between = self.active[since + 1 : layer]
        same &= (between == between[:, datum : datum + 1]).all(axis=(0, 2))
        return np.flatnonzero(same)


def _bytes(numbers: NDArray[np.signedinteger[Any]]) -> NDArray[np.uint8]:
    """Rows of numbers as rows of bytes."""
    return np.ascontiguousarray(numbers).view(np.uint8)
