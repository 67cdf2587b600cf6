"""Lines of loops: variables, arrays and sums, and how a value gets into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from symflow.expr.loop_text import ATOM, ONE, Text, times
from symflow.expr.loop_values import Form, Value, as_matrix, no_entry
from symflow.expr.shapes import SCALAR, Dim, Shape

OUT = "out"
_LETTERS = "abcdefgh"


class LoopWriter:
    """The lines of one function as they grow. ``taken`` are the names of its arguments and dimensions."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = set(taken)
        self.arrays: list[str] = []
        self.lines: list[str] = []
        self.depth = 0
        self.open: list[str] = []  # variables of the loops over entries
        self.row = False  # whether the result is a row, written as 1 x n

    def line(self, text: str) -> None:
        """One line at the present depth."""
        self.lines.append("    " * self.depth + text)

    @contextmanager
    def loop(self, size: Dim) -> Iterator[str]:
        """A loop over entries."""
        name = next(x for x in self._letters() if x not in self.taken and x not in self.open)
        self.line(f"for {name} in range({size}):")
        self.open.append(name)
        self.depth += 1
        yield name
        self.depth -= 1
        self.open.pop()

    @staticmethod
    def _letters() -> Iterator[str]:
        yield from _LETTERS
        number = 1
        while True:
            yield from (f"{letter}{number}" for letter in _LETTERS)
            number += 1

    def fresh(self, stem: str) -> str:
        """A name that is not in use."""
        number = 1
        while f"{stem}{number}" in self.taken:
            number += 1
        self.taken.add(f"{stem}{number}")
        return f"{stem}{number}"

    def array(self, value_form: Form, shape: Shape) -> str:
        """A new array for a column, a diagonal or a matrix."""
        rows, columns = shape
        name = self.fresh("m" if value_form == "matrix" else "v")
        size = f"({rows}, {columns})" if value_form == "matrix" else f"{rows}"
        self.arrays.append(f"{name} = np.empty({size})")
        return name

    def kept(self, value: Value) -> Value:
        """The value, from an array or a variable where it would be computed again and again."""
        if not value.dear:
            return value
        if value.form == "scalar":
            return self.named(value)
        name = self.array(value.form, value.shape)
        self.store(value, name)
        return self.held(name, value.form, value.shape)

    def named(self, value: Value) -> Value:
        """A scalar by a variable that has it."""
        text = value.at()
        if text.level == ATOM:
            return Value("scalar", SCALAR, lambda: text)
        name = self.fresh("t")
        self.line(f"{name} = {text.text}")
        return Value("scalar", SCALAR, lambda: Text(name))

    def held(self, name: str, form: Form, shape: Shape) -> Value:
        """What an array has."""
        if form == "matrix":
            return Value(form, shape, lambda a, b: Text(f"{name}[{a}, {b}]"))
        return Value(form, shape, lambda a: Text(f"{name}[{a}]"))

    def store(self, value: Value, target: str, *, onto: bool = False, factor: Text = ONE) -> None:
        """The entries of a value, times a factor, into an array or onto what it has."""
        if value.form == "diagonal" and target == OUT:
            value = as_matrix(value)
        write = self.increase if onto else self.assign
        rows, columns = value.shape
        with self.loop(rows) as a:
            if value.form != "matrix":
                place = f"0, {a}" if self.row and target == OUT else a
                write(f"{target}[{place}]", times(factor, value.at(a)))
                return
            if not (onto and value.dense is no_entry):
                entry = value.dense or value.at
                with self.loop(columns) as b:
                    write(f"{target}[{a}, {b}]", times(factor, entry(a, b)))
            if value.along is not None:
                self.increase(f"{target}[{a}, {a}]", times(factor, value.along(a)))

    def assign(self, target: str, entry: Text) -> None:
        """``target = entry``."""
        self.line(f"{target} = {entry.text}")

    def increase(self, target: str, entry: Text) -> None:
        """``target += entry``."""
        if entry.negated is not None:
            self.line(f"{target} -= {entry.negated.text}")
        else:
            self.line(f"{target} += {entry.text}")

    def total(self, size: Dim, term: Callable[[str], Text]) -> Text:
        """The loop of a sum, and the variable that has it afterwards."""
        total = self.fresh("t")
        self.line(f"{total} = 0.0")
        with self.loop(size) as k:
            self.increase(total, term(k))
        return Text(total)
