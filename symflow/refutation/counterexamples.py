"""A counterexample in full: dimensions, values, weights, functions, and both sides, ready to be shown or pasted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from keyword import iskeyword
from typing import Any

from flint import arb, fmpq, fmpq_mat

from symflow.refutation.comparison import Comparison
from symflow.refutation.numbers import Matrix, to_fraction
from symflow.refutation.points import Point
from symflow.refutation.programs import Program

BALL_DIGITS = 25
SHORT_BITS = 80  # about as many digits as a ball is shown with


@dataclass(frozen=True, slots=True)
class Counterexample:
    """Exact values at which the two sides of a statement are proved to differ.

    ``values[name]`` is a Fraction for a scalar, a list for a vector, a list of rows for a matrix, and a list of
    these, one per data point, for a family. ``functions[name]`` lists a polynomial's coefficients, constant term
    first. ``left`` and ``right`` are the sides' entries as text: fractions where the value is known exactly, else
    balls ``[middle +/- radius]`` that are proved to contain it.
    """

    statement: str
    sizes: Mapping[str, int]
    values: Mapping[str, Any]
    families: frozenset[str]
    weights: list[Fraction] | None
    functions: Mapping[str, list[Fraction]]
    data_points: Mapping[str, int]
    left: list[list[str]]
    right: list[list[str]]
    place: tuple[int, int]
    exact: bool
    point: Point = field(repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The counterexample in JSON types; rationals as strings such as ``"-1/2"``."""
        row, col = self.place
        found: dict[str, Any] = {
            "dimensions": dict(self.sizes),
            "values": {name: _texts(value) for name, value in self.values.items()},
            "left": self.left,
            "right": self.right,
            "differs_at": {
                "row": row + 1,
                "column": col + 1,
                "left": self.left[row][col],
                "right": self.right[row][col],
            },
            "exact": self.exact,
        }
        if self.weights is not None:
            found["weights"] = _texts(self.weights)
        if self.functions:
            found["functions"] = {name: _texts(coefficients) for name, coefficients in self.functions.items()}
        if self.data_points:
            found["data_points"] = {index: member + 1 for index, member in self.data_points.items()}
        return found

    def summary(self) -> str:
        """One line: where the sides differ, and by what."""
        row, col = self.place
        sizes = ", ".join(f"{name} = {n}" for name, n in self.sizes.items())
        where = "" if len(self.left) == len(self.left[0]) == 1 else f" in entry ({row + 1}, {col + 1})"
        at = f"at {sizes}: " if sizes else ""
        return f"{at}left {self.left[row][col]}, right {self.right[row][col]}{where}"

    def to_python(self) -> str:
        """Lines for a Python prompt that define every symbol exactly, and say what both sides are.

        Matrices and vectors (as columns) are NumPy arrays of Fractions, so ``@`` and ``.T`` work on them.
        """
        return "\n".join(_python_lines(self))


def describe(statement: str, program: Program, point: Point, comparison: Comparison) -> Counterexample:
    """The counterexample that a comparison with a proved difference amounts to."""
    assert comparison.place is not None
    values = {}
    for name, members in point.values.items():
        symbol = program.symbols[name]
        plain = [_plain(m, symbol.kind) for m in members]
        values[name] = plain if symbol.family else plain[0]
    return Counterexample(
        statement=statement,
        sizes=dict(point.sizes),
        values=values,
        families=frozenset(name for name, symbol in program.symbols.items() if symbol.family),
        weights=[to_fraction(w) for w in point.weights] if program.sampled else None,
        functions={name: [to_fraction(c) for c in cs] for name, cs in point.functions.items()},
        data_points=comparison.bound,
        left=_entries(comparison.left),
        right=_entries(comparison.right),
        place=comparison.place,
        exact=not program.transcendental,
        point=point,
    )


def _plain(matrix: fmpq_mat, kind: str) -> Any:
    rows = [[to_fraction(x) for x in row] for row in matrix.tolist()]
    if kind in ("scalar", "positive_scalar"):
        return rows[0][0]
    return [row[0] for row in rows] if kind == "vector" else rows


def _entries(matrix: Matrix) -> list[list[str]]:
    return [[_text(x) for x in row] for row in matrix.tolist()]


def _text(x: fmpq | arb) -> str:
    if isinstance(x, arb):
        if not _short(x):
            return str(x.str(BALL_DIGITS))
        x = x.fmpq()
    return str(to_fraction(x))


def _short(x: arb) -> bool:
    """Whether a ball is a single number that is worth writing out: mantissa and exponent may be long."""
    if not x.is_exact():
        return False
    mantissa, exponent = x.man_exp()
    return int(mantissa).bit_length() <= SHORT_BITS and abs(int(exponent)) <= SHORT_BITS


def _texts(value: Any) -> Any:
    return [_texts(v) for v in value] if isinstance(value, list) else str(value)


def _python_lines(example: Counterexample) -> Iterator[str]:
    yield "from fractions import Fraction"
    yield ""
    yield "import numpy"
    yield ""
    yield f"# {example.statement}"
    for name, n in example.sizes.items():
        yield f"{_identifier(name)} = {n}"
    for name, value in example.values.items():
        if name in example.families:
            yield f"{_identifier(name)} = [  # one per data point"
            yield from (f"    {_literal(member)}," for member in value)
            yield "]"
        else:
            yield f"{_identifier(name)} = {_literal(value)}"
    if example.weights is not None:
        yield f"weights = [{', '.join(map(_fraction, example.weights))}]"
    for name, coefficients in example.functions.items():
        yield from _function_lines(_identifier(name), coefficients)
    yield from (f"# {index} is data point {member + 1}" for index, member in example.data_points.items())
    row, col = example.place
    yield f"# left side:  {_rows(example.left)}"
    yield f"# right side: {_rows(example.right)}"
    yield f"# they differ in row {row + 1}, column {col + 1}: {example.left[row][col]} is not {example.right[row][col]}"


def _function_lines(name: str, coefficients: list[Fraction]) -> Iterator[str]:
    yield ""
    yield f"def {name}(t, derivative=0):  # f.d is derivative=1, entry by entry"
    yield f"    coefficients = [{', '.join(map(_fraction, coefficients))}]  # constant term first"
    yield "    for _ in range(derivative):"
    yield "        coefficients = [k * c for k, c in enumerate(coefficients)][1:]"
    yield "    return sum((c * t**k for k, c in enumerate(coefficients)), start=0 * t)"
    yield ""


def _rows(entries: list[list[str]]) -> str:
    if len(entries) == len(entries[0]) == 1:
        return entries[0][0]
    return "[" + ", ".join("[" + ", ".join(row) + "]" for row in entries) + "]"


def _literal(value: Any) -> str:
    if isinstance(value, Fraction):
        return _fraction(value)
    rows = [row if isinstance(row, list) else [row] for row in value]
    body = ", ".join("[" + ", ".join(map(_fraction, row)) + "]" for row in rows)
    return f"numpy.array([{body}])"


def _fraction(x: Fraction) -> str:
    return f"Fraction({x.numerator})" if x.denominator == 1 else f"Fraction({x.numerator}, {x.denominator})"


def _identifier(name: str) -> str:
    """A Python name for a symbol: TeX-like and reserved names lose what Python does not take."""
    plain = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
    if not plain.isidentifier() or iskeyword(plain) or plain in ("numpy", "Fraction", "weights"):
        plain = f"{plain}_" if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"
    return plain
