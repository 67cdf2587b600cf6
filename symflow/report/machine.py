"""The report for programs: one JSON object, as the claims format lays down."""

from __future__ import annotations

import json
from collections.abc import Sequence

from symflow.report.rows import Row, summary


def to_json(rows: Sequence[Row]) -> str:
    """One JSON object with every claim and the counts of the verdicts.

    >>> to_json([])
    '{"format": 1, "claims": [], "summary": {"proved": 0, "refuted": 0, "undecided": 0, "error": 0}}'
    """
    claims = [
        {
            "id": row.id,
            "verdict": row.verdict,
            "seconds": round(row.seconds, 6),
            "statement": row.statement,
            "counterexample": None if row.counterexample is None else dict(row.counterexample),
            "detail": "; ".join(part for part in (row.detail, row.confirmation) if part),
        }
        for row in rows
    ]
    return json.dumps({"format": 1, "claims": claims, "summary": summary(rows)}, allow_nan=False)
