"""Reports of checked claims: a table on a terminal, plain lines, JSON. They read verdicts and recompute nothing."""

from symflow.report.machine import to_json
from symflow.report.plain import plain_lines
from symflow.report.rows import VERDICTS, Checked, Row, summary

__all__ = ["VERDICTS", "Checked", "Row", "plain_lines", "summary", "to_json"]
