"""Points and class labels from files that people have: CSV tables and NumPy archives.

A table is read by hand rather than by ``numpy.loadtxt`` so that a bad cell is named by its line and column, as an
editor counts them.
"""

from __future__ import annotations

import csv
import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from symflow.errors import ClaimError

Floats = NDArray[np.float64]
Labels = Literal["last", "none"]
SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True, eq=False)
class NamedClasses:
    """Points x (N, Q) in float64, class numbers 0..K-1 (N,), and the K names that the classes have in the file."""

    points: Floats
    labels: NDArray[np.intp]
    names: tuple[str, ...]

    def only(self, names: Sequence[str]) -> NamedClasses:
        """The points of these classes, numbered in this order. Raises ClaimError: unknown or repeated class.

        >>> data = NamedClasses(np.array([[1.0], [2.0], [3.0]]), np.array([0, 1, 2]), ("a", "b", "c"))
        >>> data.only(["c", "a"]).labels.tolist()
        [1, 0]
        """
        for name in names:
            if name not in self.names:
                raise ClaimError(f"there is no class {name!r}; the classes are {', '.join(map(repr, self.names))}")
        if len(set(names)) < len(names):
            raise ClaimError(f"a class is named twice in {', '.join(names)}")
        numbers = {self.names.index(name): number for number, name in enumerate(names)}
        kept = np.isin(self.labels, list(numbers))
        labels = np.array([numbers[label] for label in self.labels[kept].tolist()], dtype=np.intp)
        return NamedClasses(self.points[kept], labels, tuple(names))

    def columns(self, chosen: Sequence[int]) -> NamedClasses:
        """These coordinates alone, counted from 0. Raises ClaimError for one that is not there, or none at all."""
        width = self.points.shape[1]
        wrong = [column for column in chosen if not 0 <= column < width]
        if wrong or not chosen or len(set(chosen)) < len(chosen):
            what = f"feature {wrong[0]} is not there" if wrong else "features must be different, and at least one"
            raise ClaimError(f"{what}; they are counted from 0 to {width - 1}")
        return NamedClasses(self.points[:, list(chosen)], self.labels, self.names)


def read_data_file(path: Path, labels: Labels = "last") -> NamedClasses:
    """Points and labels of a ``.csv`` or ``.npz`` file.

    A CSV file has one datum a line, its numbers separated by commas, semicolons or tabs; the first line may be a
    header, blank lines and lines that begin with # are skipped. The last column is the label, any text, unless
    ``labels`` is "none": then all points are of one class "0". An NPZ file has ``points`` (N, Q) and may have
    ``labels`` (N,).

    Raises ClaimError, which names the line and the column.
    """
    if path.suffix.lower() == ".npz":
        return _read_archive(path, labels)
    if path.suffix.lower() != ".csv":
        if path.is_dir():
            raise ClaimError(f"{path} is a folder; give a file in it. Data come as .csv or .npz")
        raise ClaimError(f"{path}: its name does not say how to read it. Data come as .csv or .npz")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ClaimError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ClaimError(f"{path} is no text in UTF-8 (byte {error.start}); save it as a CSV file in UTF-8") from error
    return parse_table(text, str(path), labels)


def parse_table(text: str, source: str, labels: Labels = "last") -> NamedClasses:
    r"""The same from the text of a CSV file; ``source`` names it in messages.

    >>> data = parse_table("height, width, kind\n1, 2, cat\n3, 4, dog\n", "animals.csv")
    >>> data.points.tolist(), data.labels.tolist(), data.names
    ([[1.0, 2.0], [3.0, 4.0]], [0, 1], ('cat', 'dog'))
    """
    rows = list(_rows(text))
    if rows and not any(_is_number(cell) for cell in _features(rows[0][1], labels)):
        rows = rows[1:]  # a header
    if not rows:
        raise ClaimError(f"{source} holds no data; one datum a line is wanted, such as 5.1,3.5,0")
    width = len(rows[0][1])
    if width < 2 and labels == "last":
        raise ClaimError(f"{source} has one column, which would be the label; with --labels none it is a coordinate")
    points, names = [], []
    for line, cells in rows:
        if len(cells) != width:
            raise ClaimError(
                f"{source}, line {line} has {_columns(len(cells))}; line {rows[0][0]}, the first datum, has {width}"
            )
        points.append([_number(cell, source, line, column) for column, cell in enumerate(_features(cells, labels), 1)])
        names.append(cells[-1] if labels == "last" else "0")
        if not names[-1]:
            raise ClaimError(f"{source}, line {line}: the label, in the last column, is empty")
        if _is_nan(names[-1]):
            raise ClaimError(f"{source}, line {line}: the label is {names[-1]}; leave out the line, or name a class")
    return named_classes(np.array(points), names)


def read_matrices(name: str, width: int) -> Floats:
    """Matrices (L, Q, Q) for Q = ``width``: a ``.npy`` file, or a ``.csv`` file with Q lines of Q numbers a layer.

    Raises ClaimError.
    """
    path = Path(name)
    if path.suffix.lower() == ".csv":
        found = read_data_file(path, "none").points
    elif path.suffix.lower() == ".npy":
        found = _read_array(path)
    else:
        raise ClaimError(f"--rotation {name}: towards, identity, random, or a file of matrices .npy or .csv is wanted")
    if found.ndim == 2 and found.shape[1] == width and len(found) % width == 0:
        found = found.reshape(-1, width, width)
    if found.ndim != 3 or found.shape[1:] != (width, width) or found.size == 0:
        raise ClaimError(
            f"{path}: matrices (L, {width}, {width}) are wanted for points in R^{width}; got {found.shape}"
        )
    return found


def _read_array(path: Path) -> Floats:
    try:
        found = np.load(path, allow_pickle=False)
    except OSError as error:
        raise ClaimError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, BadZipFile, EOFError) as error:
        raise ClaimError(f"{path} is no NPY file of a plain array: {error}") from error
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiub" or not np.isfinite(found).all():
        raise ClaimError(f"{path} must hold one array of finite real numbers")
    return found.astype(np.float64)


def named_classes(points: Floats, names: Iterable[Any]) -> NamedClasses:
    """Classes numbered in the order of their names: as numbers if all are numbers, else as text.

    >>> named_classes(np.zeros((3, 1)), ["10", "9.0", "9"]).names
    ('9', '10')
    """
    texts = [_tidy(str(name)) for name in names]
    numeric = all(_is_number(text) for text in texts)
    order = tuple(sorted(set(texts), key=lambda text: (float(text) if numeric else 0.0, text)))
    numbers = {name: number for number, name in enumerate(order)}
    return NamedClasses(points, np.array([numbers[text] for text in texts], dtype=np.intp), order)


def _rows(text: str) -> Iterable[tuple[int, list[str]]]:
    """Line numbers and cells of the lines that hold something."""
    lines = text.splitlines()
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    separator = next((mark for mark in SEPARATORS if mark in first), ",")
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            cells = _cells(line, separator)
            yield number, [cell.strip() for cell in cells]


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    except csv.Error:  # a cell that is longer than the module takes: no number, as will be said
        return line.split(separator)


def _features(cells: list[str], labels: Labels) -> list[str]:
    return cells[:-1] if labels == "last" else cells


def _number(cell: str, source: str, line: int, column: int) -> float:
    if not _is_number(cell):
        held = f"holds {cell!r}, which is no number" if cell else "is empty"
        raise ClaimError(f"{source}, line {line}: column {column} {held}")
    value = float(cell)
    if not math.isfinite(value):
        raise ClaimError(f"{source}, line {line}: column {column} is {cell}; leave out the line, or fill in a number")
    return value


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_nan(text: str) -> bool:
    return _is_number(text) and math.isnan(float(text))


def _tidy(text: str) -> str:
    """Whole numbers without their decimals: spreadsheets write the label 1 as 1.0."""
    return str(int(float(text))) if _is_number(text) and float(text).is_integer() else text


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"


def _read_archive(path: Path, labels: Labels) -> NamedClasses:
    try:
        archive = np.load(path, allow_pickle=False)
        if isinstance(archive, np.ndarray):
            raise ClaimError(f"{path} holds one array, as np.save writes it; write it by np.savez(..., points=...)")
        with archive:
            arrays = {name: archive[name] for name in ("points", "labels") if name in archive.files}
            present = archive.files
    except OSError as error:
        raise ClaimError(f"{path} cannot be read: {error.strerror or error}") from error
    except ClaimError:
        raise
    except (ValueError, BadZipFile, EOFError, zlib.error) as error:
        raise ClaimError(f"{path} is no NPZ archive of plain arrays: {error}") from error
    if "points" not in arrays:
        raise ClaimError(f"{path} has no array 'points' (N, Q); it has {', '.join(present) or 'nothing'}")
    points = arrays["points"]
    if points.ndim != 2 or points.size == 0 or points.dtype.kind not in "fiub":
        raise ClaimError(f"{path}: points must be real numbers (N, Q); they are {points.dtype} {points.shape}")
    points = points.astype(np.float64)
    if not np.isfinite(points).all():
        row, column = np.argwhere(~np.isfinite(points))[0].tolist()
        raise ClaimError(f"{path}: points[{row}, {column}] is {points[row, column]}; leave the point out")
    if labels == "none" or "labels" not in arrays:
        return named_classes(points, ["0"] * len(points))
    if arrays["labels"].shape != points.shape[:1]:
        raise ClaimError(f"{path}: {len(points)} points need labels ({len(points)},), not {arrays['labels'].shape}")
    names = arrays["labels"].tolist()
    missing = next((row for row, name in enumerate(names) if _is_nan(str(name))), None)
    if missing is not None:
        raise ClaimError(f"{path}: labels[{missing}] is nan; leave the point out, or name a class")
    return named_classes(points, names)
