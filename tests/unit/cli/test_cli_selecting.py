"""``-k``: words, and, or, not; never evaluated."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow.cli.selecting import selection
from symflow.errors import ClaimError


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("b3", ["B3 bias gradient"]),
        ("gradient", ["B3 bias gradient", "B5 rotation gradient"]),
        ("bias gradient", ["B3 bias gradient"]),
        ("not gradient", ["relu-mask kink"]),
        ("gradient and not bias", ["B5 rotation gradient"]),
        ("kink or bias and gradient", ["B3 bias gradient", "relu-mask kink"]),
        ("(kink or bias) and gradient", ["B3 bias gradient"]),
        ("not (kink or not B3)", ["B3 bias gradient"]),
        ("not not kink", ["relu-mask kink"]),
        ("relu-mask", ["relu-mask kink"]),
        ("__import__", []),
    ],
)
def test_selection(text: str, chosen: list[str]) -> None:
    subjects = ["B3 bias gradient", "B5 rotation gradient", "relu-mask kink"]
    assert [subject for subject in subjects if selection(text)(subject)] == chosen


@pytest.mark.parametrize(
    "text", ["", " ", "and", "a and", "or a", "not", "(a", "a)", "()", "a (b)", "(" * 900, "not " * 400]
)
def test_malformed(text: str) -> None:
    with pytest.raises(ClaimError, match="-k"):
        selection(text)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(*[st.lists(st.sampled_from(["and", "or", "not", "(", ")", "a", "b"]), max_size=12).map(" ".join)] * 2)
def test_obeys_boolean_algebra(first: str, second: str) -> None:
    try:
        one, other = selection(first), selection(second)
    except ClaimError:
        return
    for subject in ("", "a", "b", "ab", "a b"):
        assert selection(f"not ({first})")(subject) == (not one(subject))
        assert selection(f"({first}) and ({second})")(subject) == (one(subject) and other(subject))
        assert selection(f"{first} or {second}")(subject) == (one(subject) or other(subject))
