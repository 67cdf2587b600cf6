"""The report for programs: one JSON object, as the claims format lays down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from symflow.report.rows import Row, summary

_FROM_BEST_TO_WORST = ("proved", "undecided", "refuted", "error")


def to_json(rows: Sequence[Row]) -> str:
    """One JSON object with every claim and the counts of the verdicts.

    >>> to_json([])
    '{"format": 1, "claims": [], "summary": {"proved": 0, "refuted": 0, "undecided": 0, "error": 0}}'
    """
    found: dict[str, Any] = {"format": 1, "claims": [_entry(row) for row in rows], "summary": summary(rows)}
    if any(row.label for row in rows):
        found["theorems"] = theorems(rows)
    return json.dumps(found, allow_nan=False)


def theorems(rows: Iterable[Row]) -> dict[str, str]:
    """The verdict of each theorem, by what its statements' labels have before the first dot: the worst of them.

    >>> rows = [Row(file="a.py", id=i, label=i, verdict=v) for i, v in (("A3.one", "proved"), ("A3.two", "undecided"))]
    >>> theorems(rows)
    {'A3': 'undecided'}
    """
    found: dict[str, str] = {}
    for row in rows:
        if row.label:
            name = row.label.partition(".")[0]
            found[name] = max(found.get(name, "proved"), row.verdict, key=_FROM_BEST_TO_WORST.index)
    return found


def _entry(row: Row) -> dict[str, Any]:
    """The keys of the claims format; a statement of a derivation says besides what it rests on."""
    entry: dict[str, Any] = {
        "id": row.id,
        "verdict": row.verdict,
        "seconds": round(row.seconds, 6),
        "statement": row.statement,
        "counterexample": None if row.counterexample is None else dict(row.counterexample),
        "detail": "; ".join(part for part in (row.detail, row.confirmation) if part),
    }
    if row.label:
        entry |= {
            "label": row.label,
            "title": row.title,
            "scope": row.scope,
            "hypotheses": list(row.hypotheses),
            "lemmas": list(row.lemmas),
            "relations": list(row.relations),
        }
    return entry
