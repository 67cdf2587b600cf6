"""Running many claims: in order, each within its bounds, whatever the prover does."""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import dataclass
from typing import Any

import pytest

from symflow.claims import Claim, loads
from symflow.claims.running import run_claims
from symflow.errors import LimitError
from symflow.expr.tree import Equation


class Point:
    def to_json(self) -> dict[str, Any]:
        return {"n": 1}

    def to_python(self) -> str:
        return "n = 1"

    def summary(self) -> str:
        return "n = 1"


@dataclass
class Verdict:
    status: str = "proved"
    detail: str = "at once"
    residual: str | None = None
    counterexample: Point | None = None


SLEEP, HOARD, FAIL, ABORT, DEEP, LIMIT, REFUTE, NAP, EXIT = range(1, 10)


def decide(equation: Equation, /, *, seconds: float) -> Verdict:
    """A prover that misbehaves as the right-hand side tells it to."""
    match int(equation.rhs.data):
        case 1:
            time.sleep(60)
        case 2:
            hoard = []
            while True:
                hoard.append(bytes(range(256)) * 40_000)
        case 3:
            print("trying")
            raise ZeroDivisionError("a bug in the prover")
        case 4:
            os.abort()
        case 5:
            decide(equation, seconds=seconds)
        case 6:
            raise LimitError("more than a thousand words")
        case 7:
            return Verdict("refuted", "at n = 1", "s - 7", Point())
        case 8:
            time.sleep(0.2)
            return Verdict(detail=f"{seconds:.3f}")
        case 9:
            os._exit(0)
    return Verdict()


def claims(*values: int | str) -> tuple[Claim, ...]:
    head = "format = 1\n[symbols]\ns = 'scalar'\n"
    return loads(
        head + "".join(f"[[claim]]\nid = 'c{k}'\nstatement = 's == {value}'\n" for k, value in enumerate(values))
    ).claims


def verdicts(*values: int | str, **options: Any) -> list[tuple[str, str]]:
    return [(outcome.verdict, outcome.detail) for outcome in run_claims(claims(*values), decide=decide, **options)]


@pytest.mark.parametrize("jobs", [1, 3])
def test_outcomes_come_in_order_whatever_happens(jobs: int) -> None:
    found = verdicts(
        "t", 0, SLEEP, 0, FAIL, ABORT, 0, DEEP, LIMIT, EXIT, "u", REFUTE, seconds=0.5, jobs=jobs
    )  # fmt: skip
    died = "the process that was deciding this claim ended with"
    assert found == [
        ("error", "column 6: unknown name 't'; did you mean 'tr'?"),
        ("proved", "at once"),
        ("undecided", "the time limit of 0.5 s was reached"),
        ("proved", "at once"),
        ("undecided", f"{died} status 1: ZeroDivisionError: a bug in the prover"),
        ("undecided", f"{died} signal 6"),
        ("proved", "at once"),
        ("undecided", "nested too deeply for the prover"),
        ("undecided", "more than a thousand words"),
        ("undecided", f"{died} status 0"),
        ("error", "column 6: unknown name 'u'; declare it among the symbols"),
        ("refuted", "at n = 1"),
    ]
    assert multiprocessing.active_children() == []


def test_memory_is_bounded() -> None:
    found = verdicts(HOARD, 0, seconds=20, memory=100 << 20)
    assert found == [("undecided", "the memory limit of 100 MiB was reached"), ("proved", "at once")]


def test_a_refutation_carries_plain_data() -> None:
    (outcome,) = run_claims(claims(REFUTE), decide=decide)
    assert (outcome.counterexample, outcome.pasteable, outcome.residual) == ({"n": 1}, "n = 1", "s - 7")
    assert (outcome.id, outcome.statement) == ("c0", "s == 7")


def test_the_prover_is_told_a_little_less_than_the_limit() -> None:
    assert verdicts(NAP, seconds=2.0) == [("proved", "1.900")]


def test_jobs_run_at_the_same_time() -> None:
    start = time.perf_counter()
    assert len(verdicts(*[NAP] * 8, jobs=8)) == 8
    assert time.perf_counter() - start < 1.2


def test_outcomes_are_not_held_back() -> None:
    run = run_claims(claims(0, SLEEP), decide=decide, seconds=30)
    start = time.perf_counter()
    assert next(run).verdict == "proved"
    run.close()
    assert time.perf_counter() - start < 5
    assert multiprocessing.active_children() == []


def test_an_ordinary_claim_costs_little() -> None:
    many = claims(*[0] * 500)
    start = time.perf_counter()
    assert all(outcome.verdict == "proved" for outcome in run_claims(many, decide=decide))
    assert (time.perf_counter() - start) / len(many) < 0.005


def test_malformed_claims_start_no_process_and_import_no_prover() -> None:
    assert [outcome.verdict for outcome in run_claims(claims("t", "u"))] == ["error", "error"]
    assert list(run_claims([])) == []
