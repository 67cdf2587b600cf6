"""The value of a statement at a point, computed from the meaning of each node and from nothing else.

This evaluator shares no code with the calculus, the prover or the checker: a derivative here is a coefficient of an
infinitesimal in an exact computation, so an error in a differentiation rule elsewhere cannot repeat itself here.
"""

from __future__ import annotations

from collections.abc import Mapping

from flint import fmpq, fmpq_mat

from symflow.errors import LimitError
from symflow.refutation.deadlines import MAX_WORK, Deadline
from symflow.refutation.differentiation import DIFFERENTIATION
from symflow.refutation.frames import Frame
from symflow.refutation.jets import Jet
from symflow.refutation.meanings import ALGEBRA
from symflow.refutation.numbers import Matrix, Number, NumberSystem
from symflow.refutation.points import Point, size_of
from symflow.refutation.programs import Node

MEANING = {**ALGEBRA, **DIFFERENTIATION}
MAX_BITS = 200_000  # of a numerator or denominator: beyond it a rational evaluation stops being quick


class Evaluator:
    """Evaluates the nodes of one program at one point, in one number system."""

    def __init__(self, point: Point, numbers: NumberSystem, deadline: Deadline | None = None) -> None:
        self.point = point
        self.numbers = numbers
        self.deadline = deadline or Deadline(None)
        self.work = 0
        moved = {
            name: [Jet(m.nrows(), m.ncols(), {0: numbers.convert(m)}) for m in members]
            for name, members in point.values.items()
        }
        self.ground = Frame(None, frozenset(), 0, 1, moved)

    def value(self, node: Node, bound: Mapping[str, int] | None = None) -> Matrix:
        """The matrix of a node, with the data indices that no sum binds set to the given data points."""
        frame = self.ground
        for index, member in (bound or {}).items():
            frame = frame.bind(index, member)
        return self.jet(node, frame).value

    def jet(self, node: Node, frame: Frame) -> Jet:
        """The value of a node in a frame, remembered in the outermost frame where it is the same."""
        while frame.outer is not None and frame.touches.isdisjoint(node.depends):
            frame = frame.outer
        found = frame.memory.get(node.number)
        if found is None:
            self.deadline.check()
            found = MEANING[node.op](self, node, frame)
            self._charge(found)
            frame.memory[node.number] = found
        return found

    def _charge(self, jet: Jet) -> None:
        self.work += len(jet.parts)
        if self.work > MAX_WORK:
            raise LimitError("the statement is too large to evaluate at these dimensions; use smaller ones")
        self.check_height(jet)

    def check_height(self, jet: Jet) -> None:
        """Raise LimitError for numbers too long to go on with."""
        if self.numbers.exact and any(entry.height_bits() > MAX_BITS for entry in jet.value.entries()):
            raise LimitError("the numbers of an exact evaluation grow too long; use smaller exponents")

    def shape(self, node: Node) -> tuple[int, int]:
        """Rows and columns of a node at this point."""
        return size_of(node.shape, self.point.sizes)

    def constant(self, matrix: fmpq_mat) -> Jet:
        """A rational matrix as a value."""
        return Jet(matrix.nrows(), matrix.ncols(), {0: self.numbers.convert(matrix)})

    def half(self) -> Number:
        """1/2 in the number system."""
        return self.numbers.number(fmpq(1, 2))
