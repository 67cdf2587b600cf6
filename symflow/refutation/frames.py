"""Where a node is evaluated: which symbols a derivative moves there, and which data point an index stands for."""

from __future__ import annotations

from symflow.errors import KindError, LimitError
from symflow.refutation.jets import Jet

MAX_EFFORT = 1_500_000  # monomials that the open derivatives make up, times the cost of one matrix product


class Frame:
    """The symbols moved and the data index bound at a place, beyond those of the frame outside."""

    __slots__ = ("breadth", "index", "level", "memory", "moved", "outer", "touches")

    def __init__(
        self,
        outer: Frame | None,
        touches: frozenset[str],
        level: int,
        breadth: int,
        moved: dict[str, list[Jet]] | None = None,
        index: tuple[str, int] | None = None,
    ) -> None:
        self.outer = outer
        self.touches = touches
        self.level = level  # how many derivatives are open here
        self.breadth = breadth  # how many monomials they make up
        self.moved = moved or {}
        self.index = index
        self.memory: dict[int, Jet] = {}

    def member(self, index: str | None) -> int:
        """The data point that an index stands for; 0 for symbols without an index."""
        frame: Frame | None = self
        while index is not None and frame is not None:
            if frame.index is not None and frame.index[0] == index:
                return frame.index[1]
            frame = frame.outer
        return 0

    def family(self, name: str) -> list[Jet]:
        """The present values of a symbol, one per data point."""
        frame = self
        while name not in frame.moved and frame.outer is not None:
            frame = frame.outer
        if name not in frame.moved:
            raise KindError(f"{name} has no value at this point; give it one")
        return frame.moved[name]

    def bind(self, index: str, member: int) -> Frame:
        """A frame inside, where an index stands for a data point."""
        return Frame(self, frozenset([bracket(index)]), self.level, self.breadth, index=(index, member))

    def under_derivative(self, moved: dict[str, list[Jet]], directions: int) -> Frame:
        """A frame inside, one derivative deeper, where some symbols carry fresh infinitesimals."""
        breadth = self.breadth * (1 + directions)
        products = max(jet.rows * jet.cols * max(jet.rows, jet.cols) for family in moved.values() for jet in family)
        if breadth * products > MAX_EFFORT:
            raise LimitError("nested derivatives in this many directions are beyond the bound; use smaller dimensions")
        return Frame(self, frozenset(moved), self.level + 1, breadth, moved)


def bracket(index: str) -> str:
    """A data index as it stands among dependencies, apart from symbols of the same name."""
    return f"[{index}]"
