"""Numbers among the arguments, read with their bounds; argparse says what is wrong with the others."""

from __future__ import annotations

import argparse
import math

_MOST_JOBS = 64
_MOST_SAMPLES = 100_000


def seconds(text: str) -> float:
    """A limit of time, above 0 and at most 1e6.

    >>> seconds("2.5")
    2.5
    """
    return _positive(text, 1e6, "a positive number of seconds")


def positive(text: str) -> float:
    """A number above 0, at most 1e9."""
    return _positive(text, 1e9, "a positive number")


def jobs(text: str) -> int:
    """A number of processes, 1 to 64."""
    return _whole(text, 1, _MOST_JOBS, "a number of processes")


def samples(text: str) -> int:
    """A number of samples of a trajectory, its two ends at least."""
    return _whole(text, 2, _MOST_SAMPLES, "a number of samples")


def layers(text: str) -> int:
    """A number of layers, 1 to 64."""
    return _whole(text, 1, 64, "a number of layers")


def seed(text: str) -> int:
    """A seed, below 2³¹."""
    return _whole(text, 0, 2**31 - 1, "a seed")


def _positive(text: str, most: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return value


def _whole(text: str, least: int, most: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text[:11]) <= most):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} between {least} and {most}")
    return int(text)
