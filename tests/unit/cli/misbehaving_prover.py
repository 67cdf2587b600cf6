"""The command line with a prover that answers by the right-hand side; run by the tests as a program of its own."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any

from symflow.cli import main
from symflow.expr.tree import Equation


class Point:
    def to_json(self) -> dict[str, Any]:
        return {"dimensions": {"n": 1}, "values": {"s": "1/2"}}

    def to_python(self) -> str:
        return "from fractions import Fraction\ns = Fraction(1, 2)\n"

    def summary(self) -> str:
        return "s = 1/2"


@dataclass
class Verdict:
    status: str = "proved"
    detail: str = "at once"
    residual: str | None = None
    counterexample: Point | None = None


def decide(equation: Equation, /, *, seconds: float) -> Verdict:
    value = int(equation.rhs.data) if equation.rhs.op == "number" else 0
    if value == 1:
        return Verdict("refuted", "the sides differ", "s - 1", Point())
    if value == 2:
        return Verdict("undecided", "50 exact points agreed")
    if value == 3:
        time.sleep(60)
    if value == 4:
        print("noise on stdout")
        bytearray(1 << 42)
    return Verdict()


if __name__ == "__main__":
    sys.exit(main(decide=decide))
