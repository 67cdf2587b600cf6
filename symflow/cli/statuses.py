"""Exit statuses, as the claims format lays them down."""

from __future__ import annotations

from collections.abc import Mapping

PROVED = 0
REFUTED = 1
MALFORMED = 2
UNDECIDED = 3
INTERRUPTED = 130
BROKEN_PIPE = 141

EXPLAINED = """\
exit status:
  0  every claim is proved
  1  some claim is refuted
  2  wrong usage, or a malformed file or claim (even when others are refuted)
  3  none is refuted or malformed, some are undecided
"""


def status_of(counts: Mapping[str, int]) -> int:
    """The exit status for these counts of verdicts; what is malformed outweighs what is refuted.

    >>> status_of({"proved": 5, "refuted": 1, "undecided": 1, "error": 0})
    1
    """
    if counts["error"]:
        return MALFORMED
    if counts["refuted"]:
        return REFUTED
    return UNDECIDED if counts["undecided"] else PROVED
