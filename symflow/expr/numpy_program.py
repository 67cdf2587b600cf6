"""Straight-line programs over arrays: what a lowered expression becomes, ready to be run or to be printed.

A program is a list of steps in static single assignment. Each step holds both a Python function, which is how it
runs (nothing is ever compiled from text), and the source text that says the same, which is how it is printed.
Equal steps on equal operands are one step, and steps that the result does not need are dropped.

Arrays have the data axes first, in alphabetical order of the data indices, then the axes of the object: none for a
scalar, one for a column, one for a diagonal matrix (its diagonal), two for a matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from symflow.expr.shapes import Dim

RANK = {"scalar": 0, "column": 1, "diagonal": 1, "matrix": 2}


@dataclass(frozen=True, slots=True)
class Array:
    """A slot of the program with what is known of it before it runs; ``form`` is a key of ``RANK``."""

    slot: int
    form: str
    indices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """``slots[target] = function(*operands)``; ``source`` has ``{0}``, ``{1}``, … for the operands.

    ``inline`` marks a view or a constant, which the printed source writes where it is used.
    """

    target: int
    source: str
    function: Callable[..., Any]
    operands: tuple[int, ...]
    inline: bool = False


class Program:
    """Inputs by name, then steps."""

    def __init__(self) -> None:
        self.inputs: dict[str, int] = {}
        self.steps: list[Step] = []
        self._known: dict[tuple[str, tuple[int, ...]], int] = {}
        self._slots = 0

    def input(self, name: str) -> int:
        """The slot of a named input."""
        if name not in self.inputs:
            self.inputs[name] = self._new()
        return self.inputs[name]

    def emit(self, source: str, function: Callable[..., Any], *operands: int, inline: bool = False) -> int:
        """Add a step, unless the same one is there, and return its slot."""
        key = (source, operands)
        if key not in self._known:
            self._known[key] = self._new()
            self.steps.append(Step(self._known[key], source, function, operands, inline))
        return self._known[key]

    def constant(self, source: str, value: Any) -> int:
        """A slot with a fixed value."""
        return self.emit(source, lambda: value, inline=True)

    def dimension(self, dim: Dim) -> int:
        """The slot of a dimension: a number, or an input that the shapes of the arguments determine."""
        return self.constant(str(dim), dim) if isinstance(dim, int) else self.input(dim)

    def view(self, slot: int, key: tuple[Any, ...]) -> int:
        """``array[key]`` where the key inserts axes; the slot itself where there is nothing to insert."""
        while key and key[0] is None:
            key = key[1:]  # NumPy supplies leading axes by itself
        if all(part is not None for part in key):
            return slot
        words = ["None" if part is None else "..." if part is Ellipsis else ":" for part in key]
        return self.emit(f"{{0}}[{', '.join(words)}]", lambda array: array[key], slot, inline=True)

    def aligned(self, array: Array, indices: tuple[str, ...], trailing: tuple[Any, ...] = ()) -> int:
        """The array with its data axes among the given ones, and ``trailing`` (None or slices) appended."""
        data = [slice(None) if index in array.indices else None for index in indices]
        key: tuple[Any, ...] = (*data, Ellipsis, *trailing) if trailing else tuple(data)
        return self.view(array.slot, key)

    def prune(self, result: int) -> None:
        """Drop every step that the result does not need."""
        needed = {result}
        kept = []
        for step in reversed(self.steps):
            if step.target in needed:
                needed.update(step.operands)
                kept.append(step)
        self.steps = kept[::-1]
        self.inputs = {name: slot for name, slot in self.inputs.items() if slot in needed}

    def run(self, inputs: dict[str, Any], result: int) -> Any:
        """Run every step and return the result's slot."""
        slots: list[Any] = [None] * self._slots
        for name, slot in self.inputs.items():
            slots[slot] = inputs[name]
        for step in self.steps:
            slots[step.target] = step.function(*[slots[k] for k in step.operands])
        return slots[result]

    def lines(self, result: int) -> list[str]:
        """The steps as Python source, one assignment a line, and the ``return``."""
        names = {slot: name for name, slot in self.inputs.items()}
        taken = set(names.values())
        lines = []
        count = 0
        for step in self.steps:
            text = step.source.format(*(names[k] for k in step.operands))
            if step.inline:
                names[step.target] = text
                continue
            count += 1
            while f"t{count}" in taken:
                count += 1
            names[step.target] = f"t{count}"
            lines.append(f"t{count} = {text}")
        return [*lines, f"return {names[result]}"]

    def _new(self) -> int:
        self._slots += 1
        return self._slots - 1
