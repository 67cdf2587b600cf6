"""Exceptions of symflow: each message says what is wrong, where, and what to try."""

from __future__ import annotations


class SymflowError(Exception):
    """Base of every error that symflow raises on purpose."""


class ShapeError(SymflowError, ValueError):
    """Two shapes that must agree do not."""


class KindError(SymflowError, TypeError):
    """A symbol is used against its kind, such as a data family without its index."""


class ClaimError(SymflowError, ValueError):
    """A claim or a claims file is malformed: unknown name, bad syntax, unreadable TOML."""

    def __init__(self, message: str, *, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position  # column in the statement, counted from 1; None where it has none


class UnsupportedError(SymflowError, NotImplementedError):
    """A construction that is well formed but that this part of symflow cannot treat."""


class LimitError(SymflowError, RuntimeError):
    """A bound on size, nesting, time or memory was reached; the question stays undecided."""


class CertificateError(SymflowError, AssertionError):
    """A certificate does not establish its claim."""


class UndefinedError(SymflowError, ArithmeticError):
    """An expression has no value at a point: division by zero, singular inverse, kink, log of a negative number."""
