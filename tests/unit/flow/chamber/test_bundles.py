"""Bundles in compiled code are the named tuples that Python sees: the same arrays, and nothing of them kept."""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
import pytest

from symflow.flow.chamber.compiling import bundled, compiled, lean
from symflow.network.arrays import Array

numba = pytest.importorskip("numba", reason="numba is not installed: pip install 'symflow[flow]'")


@bundled
class Inner(NamedTuple):
    """Room in a bundle."""

    table: Array
    count: Array


@bundled
class Outer(NamedTuple):
    """A bundle with a bundle in it."""

    values: Array
    inner: Inner


def outer(dtype: type = float) -> Outer:
    return Outer(np.arange(4, dtype=dtype), Inner(np.zeros((4, 2)), np.zeros(1, dtype=np.int64)))


def note(inner: Inner, row: int, value: float) -> None:
    inner.table[row, inner.count[0] % 2] = value
    inner.count[0] += 1


def shift(given: Outer, by: float) -> float:
    total = 0.0
    for row in range(given.values.size):
        inner_note(given.inner, row, by * given.values[row])
        given.values[row] += by  # what is read after it has to be the new value
        total += given.values[row]
    return total


def total(given: Outer) -> float:
    found = 0.0
    for row in range(given.values.size):
        found += given.values[row]
    return found


inner_note = lean(note)


@pytest.mark.parametrize("decorate", [lean, compiled])
@pytest.mark.parametrize("dtype", [float, int])
def test_what_is_written_is_seen(decorate: object, dtype: type) -> None:
    function = numba.njit(_nrt=decorate is compiled)(shift)  # not cached on disk: this file comes and goes
    given, expected = outer(dtype), outer(dtype)
    for _ in range(3):
        assert function(given, 2.0) == shift(expected, 2.0)
    for ours, theirs in zip((given.values, *given.inner), (expected.values, *expected.inner), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_strides_are_kept() -> None:
    wide = np.arange(8.0)
    given = Outer(wide[::2], Inner(np.zeros((2, 4)).T, np.zeros(1, dtype=np.int64)))
    assert numba.njit(shift)(given, 1.0) == 16.0
    np.testing.assert_array_equal(wide, [1, 1, 3, 3, 5, 5, 7, 7])
    np.testing.assert_array_equal(given.inner.table, [[0, 0], [0, 2], [4, 0], [0, 6]])


def test_nothing_is_kept() -> None:
    function, given = numba.njit(shift), outer()
    arrays = (given.values, *given.inner)
    before = [sys.getrefcount(array) for array in arrays]
    for _ in range(5):
        function(given, 1.0)
    assert [sys.getrefcount(array) for array in arrays] == before


def test_arrays_that_may_not_be_written_are_compiled_for_once() -> None:
    function, given = lean(total), outer()
    frozen = outer()
    for array in (frozen.values, *frozen.inner):
        array.flags.writeable = False
    assert function(given) == function(frozen) == 6.0
    assert len(function.signatures) == 1


def test_what_is_no_array_is_refused() -> None:
    with pytest.raises(numba.core.errors.TypingError, match="reflected list"):
        numba.njit(shift)(Outer([1.0], outer().inner), 1.0)


def test_numbers_in_calls_are_numbers() -> None:
    @compiled
    def double(number: int) -> int:
        return 2 * number

    @numba.njit
    def twice(number: int) -> int:
        return double(3) + double(number)

    assert twice(4) == 14
    assert len(double.signatures) == 1
