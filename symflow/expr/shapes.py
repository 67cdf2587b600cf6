"""Shapes by dimension symbols: a dimension is a name such as ``"Q"`` or a positive integer."""

from __future__ import annotations

from symflow.errors import ShapeError

Dim = str | int
Shape = tuple[Dim, Dim]

SCALAR: Shape = (1, 1)


def show_shape(shape: Shape) -> str:
    """Write a shape as a person does: ``scalar``, ``vector(n)``, ``n x m``."""
    rows, cols = shape
    if shape == SCALAR:
        return "scalar"
    if cols == 1:
        return f"vector({rows})"
    return f"{rows} x {cols}"


def require_same(what: str, first: Shape, second: Shape) -> Shape:
    """Return the common shape or raise ShapeError."""
    if first != second:
        raise ShapeError(
            f"{what} needs two arguments of one shape; these are {show_shape(first)} and {show_shape(second)}"
        )
    return first


def require_square(what: str, shape: Shape) -> Dim:
    """Return the dimension of a square shape or raise ShapeError."""
    if shape[0] != shape[1]:
        raise ShapeError(f"{what} needs a square matrix; this one is {show_shape(shape)}")
    return shape[0]


def require_vector(what: str, shape: Shape) -> Dim:
    """Return the length of a column or raise ShapeError."""
    if shape[1] != 1:
        raise ShapeError(f"{what} needs a vector (one column); this is {show_shape(shape)}")
    return shape[0]


def require_scalar(what: str, shape: Shape) -> None:
    """Raise ShapeError unless the shape is 1 x 1."""
    if shape != SCALAR:
        raise ShapeError(f"{what} needs a scalar; this is {show_shape(shape)}")
