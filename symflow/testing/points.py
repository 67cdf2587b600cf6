"""Points of the user's own functions: a number, an array, a tuple of arrays or a dict of arrays, as one flat vector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symflow.errors import KindError, ShapeError

Array = NDArray[Any]
Convert = Callable[[Array], Any]


def to_numpy(value: Any, what: str) -> Array:
    """A result as float64, whichever library it comes from (PyTorch tensors are detached). Raises KindError."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    try:
        raw = np.asarray(value)
        if raw.dtype.kind == "c":
            raise KindError(f"{what} is complex; derivatives are taken of real functions")
        return raw.astype(np.float64)
    except (TypeError, ValueError) as error:
        if isinstance(error, KindError):
            raise
        raise KindError(f"{what} cannot be read as an array of numbers: it is {type(value).__name__}") from error


def rounding_of(value: Any) -> float:
    """The relative rounding error of a result: 1.2e-7 where it comes in single precision."""
    name = str(getattr(value, "dtype", ""))
    for kind in ("bfloat16", "float16", "float32"):
        if kind in name:
            return {"bfloat16": 2.0**-7, "float16": 2.0**-10, "float32": 2.0**-23}[kind]
    return 2.0**-52


@dataclass(frozen=True, slots=True)
class Point:
    """A flat vector and how to take it apart: names and shapes of the arrays, and how they are handed over."""

    flat: Array
    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    form: str  # "single", "tuple" or "dict"

    def parts(self, flat: Array) -> list[Array]:
        """The arrays of a flat vector, as copies: a function that writes into its argument spoils nothing."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])[:-1]
        return [part.copy().reshape(shape) for part, shape in zip(np.split(flat, ends), self.shapes, strict=True)]

    def call(self, function: Callable[..., Any], flat: Array, convert: Convert) -> Any:
        """``function`` at a flat vector: of one array, of several in order, or by name."""
        values = [convert(part) for part in self.parts(flat)]
        if self.form == "dict":
            return function(**dict(zip(self.names, values, strict=True)))
        return function(*values)

    def flatten(self, value: Any, what: str) -> Array:
        """A tangent at this point (a gradient, a velocity) as a flat vector. Raises ShapeError, KindError."""
        values = self._in_order(value, what)
        flat = []
        for name, shape, entry in zip(self.names, self.shapes, values, strict=True):
            array = to_numpy(entry, f"{what} {name}")
            if array.shape != shape:
                raise ShapeError(f"{what} must have the shape of {name}, {shape}; it has {array.shape}")
            flat.append(array.ravel())
        return np.concatenate(flat)

    def _in_order(self, value: Any, what: str) -> list[Any]:
        if self.form == "single":
            return [value]
        if self.form == "dict":
            if not isinstance(value, Mapping) or set(value) != set(self.names):
                given = f"the keys {sorted(map(str, value))}" if isinstance(value, Mapping) else type(value).__name__
                raise ShapeError(f"{what} must be a dict with the keys {sorted(self.names)}; it has {given}")
            return [value[name] for name in self.names]
        if not isinstance(value, tuple | list) or len(value) != len(self.names):
            raise ShapeError(f"{what} must be a tuple of {len(self.names)} arrays, one for each argument")
        return list(value)

    def place(self, index: int) -> str:
        """What an entry of the flat vector is called, such as ``W[0, 1]``."""
        for name, shape in zip(self.names, self.shapes, strict=True):
            size = int(np.prod(shape))
            if index < size:
                return name + entry_name(index, shape)
            index -= size
        raise IndexError(index)

    def show(self) -> str:
        """The point as lines to paste into Python."""
        values = zip(self.names, self.parts(self.flat), strict=True)
        return "\n".join(f"    {name} = {_pasteable(value)}" for name, value in values)


def entry_name(index: int, shape: tuple[int, ...]) -> str:
    """``[0, 1]`` for a place in an array of this shape; nothing for a number."""
    where = np.unravel_index(index, shape)
    return f"[{', '.join(str(int(axis)) for axis in where)}]" if shape else ""


def _pasteable(value: Array) -> str:
    return f"np.array({value.tolist()!r})" if value.ndim else repr(float(value))


def read_point(at: Any) -> Point:
    """Read a number, an array, a tuple of them (arguments in order) or a dict of them (arguments by name).

    Raises KindError for entries that are not finite real numbers, ShapeError where there is none.
    """
    if isinstance(at, Mapping):
        names, values, form = tuple(map(str, at)), list(at.values()), "dict"
    elif isinstance(at, tuple):
        names, values, form = tuple(f"x{n}" for n in range(1, len(at) + 1)), list(at), "tuple"
    else:
        names, values, form = ("x",), [at], "single"
    arrays = [to_numpy(value, f"the point {name}") for name, value in zip(names, values, strict=True)]
    if not sum(array.size for array in arrays):
        raise ShapeError("the point has no entries; give a number, an array, or a tuple or dict of arrays")
    flat = np.concatenate([array.ravel() for array in arrays])
    if not np.isfinite(flat).all():
        raise KindError("the point has an entry that is not finite; derivatives are taken at finite points")
    return Point(flat, names, tuple(array.shape for array in arrays), form)
