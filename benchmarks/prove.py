"""How long symflow takes to prove, beside SymPy by entries and SymPy in noncommutative symbols, in one run.

``python benchmarks/prove.py [CLAIMS.toml] [--runs N] [--cap SECONDS]``; see README.md of this folder.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import sympy_entries
import sympy_words
from capped import median_seconds
from sympy.core.cache import clear_cache

from symflow.claims import Claim, load
from symflow.confirm.componentwise import componentwise
from symflow.expr.tree import Equation
from symflow.proof import attempt, decide

HERE = Path(__file__).resolve().parent
SAMPLE = HERE.parent.parent / "shared" / "claims" / "true.toml"
SIZES = (2, 3)
TARGETS = {"B3": 5.0, "B5": 5.0}  # milliseconds
TARGET_OF_MEDIAN = 20.0


class Timing(NamedTuple):
    """Medians in seconds: the proof alone; and the proof, the independent check of its certificate and the tripwire."""

    claim: str
    verdict: str
    proof: float
    decision: float


def main() -> int:
    """Print the tables; the exit status is 1 where a claim is not proved."""
    options = _options()
    peers = load(HERE / "peers.toml").claims
    sample = load(options.claims).claims if options.claims else ()
    timings = {claim.id: timed(claim, options.runs) for claim in peers}
    everything = [timings.get(claim.id) or timed(claim, options.runs) for claim in sample] or [*timings.values()]

    print("Times as multiples of symflow's, which proves, checks and guards the statement for every size.\n")
    _table(
        ["claim", *(f"entries, Q = {size}" for size in SIZES), *(f"rings, Q = {size}" for size in SIZES), "words"],
        [[claim.id, *_ratios(claim, timings[claim.id].decision, options.cap)] for claim in peers],
    )
    print("\nMedians in milliseconds, warm process.\n")
    _table(["claim", "verdict", "proof", "proof, check, guard"], [_milliseconds(timing) for timing in everything])
    _summary(timings, everything)
    return int(any(timing.verdict != "proved" for timing in (*timings.values(), *everything)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument(
        "claims", nargs="?", type=Path, default=SAMPLE if SAMPLE.is_file() else None,
        help="a claims file of true claims (default: ../shared/claims/true.toml where it is present)",
    )  # fmt: skip
    parser.add_argument("--runs", type=int, default=7, help="runs of each proof (default: 7)")
    parser.add_argument("--cap", type=float, default=10.0, help="seconds that a peer has for a case (default: 10)")
    return parser.parse_args()


def timed(claim: Claim, runs: int) -> Timing:
    """Median times of a claim, after one run that nobody times."""
    equation = _equation(claim)
    verdict = decide(equation).status
    return Timing(claim.id, verdict, _median(lambda: attempt(equation), runs), _median(lambda: decide(equation), runs))


def _median(work: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _equation(claim: Claim) -> Equation:
    if claim.equation is None:
        raise SystemExit(f"{claim.id}: {claim.error}")
    return claim.equation


def _ratios(claim: Claim, unit: float, cap: float) -> list[str]:
    """Each peer's time over symflow's; or why there is none."""
    name, equation = claim.id, _equation(claim)
    cells = []
    for size in SIZES:
        known = name in sympy_entries.STATEMENTS
        cells.append(_ratio(lambda: sympy_entries.holds(name, size), unit, cap) if known else "–")  # noqa: B023  # at once
    for size in SIZES:
        sizes = dict.fromkeys(equation.dimensions(), size)
        cells.append(_ratio(lambda: componentwise(equation, sizes), unit, cap))  # noqa: B023  # called at once
    known = name in sympy_words.STATEMENTS
    cells.append(_ratio(lambda: sympy_words.holds(name), unit, cap) if known else sympy_words.reason(equation))
    return cells


def _ratio(work: Callable[[], bool], unit: float, cap: float) -> str:
    seconds = median_seconds(work, cap, clear_cache)
    return f"> {_short(cap / unit)}" if seconds is None else _short(seconds / unit)


def _short(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def _milliseconds(timing: Timing) -> list[str]:
    return [timing.claim, timing.verdict, f"{1e3 * timing.proof:.2f}", f"{1e3 * timing.decision:.2f}"]


def _summary(timings: dict[str, Timing], everything: list[Timing]) -> None:
    proof = 1e3 * statistics.median(timing.proof for timing in everything)
    decision = 1e3 * statistics.median(timing.decision for timing in everything)
    slowest = max(everything, key=lambda timing: timing.decision)
    count = sum(timing.verdict == "proved" for timing in everything)
    print(
        f"\n{count} of {len(everything)} proved. Median: proof {proof:.2f} ms, with check and guard {decision:.2f} ms."
    )
    print(f"Slowest: {slowest.claim}, {1e3 * slowest.decision:.2f} ms with check and guard.")
    for name, target in TARGETS.items():
        print(f"{name}: proof {_against(1e3 * timings[name].proof, target)}")
    print(f"Median claim: with check and guard {_against(decision, TARGET_OF_MEDIAN)}")


def _against(value: float, target: float) -> str:
    return f"{value:.2f} ms, target {target:g} ms: {'met' if value < target else 'MISSED'}"


def _table(head: list[str], rows: list[list[str]]) -> None:
    """A table in Markdown, aligned for the terminal as well: the first column to the left, the others to the right."""
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    for row in (head, rule, *rows):
        print(
            f"| {row[0]:<{widths[0]}} | "
            + " | ".join(f"{c:>{w}}" for c, w in zip(row[1:], widths[1:], strict=True))
            + " |"
        )


if __name__ == "__main__":
    sys.exit(main())
