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
    return _positive(text, 1e6, "a positive number of seconds", "which is eleven days")


def time(text: str) -> float:
    """A time to reach, above 0 and at most 1e9."""
    return _positive(
        text, 1e9, "a positive time", "beyond which float64 no longer tells times apart that differ by 1e-7"
    )


def step(text: str) -> float:
    """A step in time, above 0 and at most 1e9."""
    return _positive(text, 1e9, "a positive step", "the latest time that a flow can be asked for")


def tolerance(text: str) -> float:
    """A relative error, 1e-13 to 1e-2."""
    if not 1e-13 <= _number(text) <= 1e-2:
        raise argparse.ArgumentTypeError(f"{text!r} is not a relative error between 1e-13 and 1e-2")
    return float(text)


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


def _positive(text: str, most: float, what: str, why: str) -> float:
    value = _number(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    if value > most:
        raise argparse.ArgumentTypeError(f"{text!r} is more than {most:g}, {why}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _whole(text: str, least: int, most: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and least <= int(text[:11]) <= most):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what} between {least} and {most}")
    return int(text)
