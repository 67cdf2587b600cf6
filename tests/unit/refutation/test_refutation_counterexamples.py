"""A counterexample can be read, stored and pasted."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction

from flint import arb
from refutation_statements import FALSE, f, family, m, n, v

from symflow.expr import language as lang
from symflow.expr.tree import Equation
from symflow.refutation import Counterexample, search
from symflow.refutation.counterexamples import _text


def found(statement: Equation) -> Counterexample:
    """The counterexample of a false statement."""
    result = search(statement)
    assert isinstance(result, Counterexample)
    return result


def run(lines: str) -> str:
    """What a separate Python says."""
    return subprocess.run([sys.executable, "-c", lines], check=True, capture_output=True, text=True).stdout.strip()


def test_json_is_plain_and_exact() -> None:
    example = found(FALSE["coefficient"])
    data = json.loads(json.dumps(example.to_json()))
    assert data == example.to_json()
    assert data["dimensions"] == {"n": 1}
    assert data["values"] == {"X": [["0"]], "A": [["1"]]}
    assert data["differs_at"] == {"row": 1, "column": 1, "left": "123456789/123456788", "right": "1"}
    assert data["exact"] is True
    assert Fraction(data["left"][0][0]) != Fraction(data["right"][0][0])


def test_families_weights_and_functions_are_given() -> None:
    xi, w = family("x", "vector", n), v("w", "vector", n)
    data = found(lang.datasum(f(xi), "i") == w).to_json()
    assert len(data["weights"]) == len(data["values"]["x"]) == 1
    assert isinstance(data["values"]["x"][0], list) and isinstance(data["values"]["w"][0], str)
    assert isinstance(data["functions"]["f"], list)


def test_balls_are_written_with_their_digits() -> None:
    s = v("s", "scalar")
    example = found(lang.exp(s) == 1 + s)
    assert not example.exact
    assert example.left[0][0].lstrip("[").startswith("2.7182818") or "+/-" in example.left[0][0]


def test_exact_balls_are_written_as_rationals() -> None:
    X, s = v("X", "invertible", n), v("s", "scalar")
    example = found(lang.grad(lang.logdet(X), X) == lang.inv(X))
    assert {entry for side in (example.left, example.right) for row in side for entry in row} <= {"-1", "0", "1"}
    assert "1 is not -1" in example.to_python() or "-1 is not 1" in example.to_python()
    assert [_text(arb(x) / 8) for x in (-12, 0, 3)] == ["-3/2", "0", "3/8"]
    assert "+/-" in _text(arb(1) / 3)
    assert len(_text(arb(2) ** 10_000_000)) < 100
    assert found(lang.exp(s) == 1).right == [["1"]]


def test_pasted_lines_reproduce_both_sides() -> None:
    C = v("C", "matrix", n, m)
    x, c = v("x", "vector", m), v("c", "scalar")
    example = found(c * (C @ f.d(x)) == C @ f(x))
    check = "\nprint((c * (C @ f(x, 1)))[{0}, {1}], (C @ f(x))[{0}, {1}])".format(*example.place)
    row, col = example.place
    assert run(example.to_python() + check) == f"{example.left[row][col]} {example.right[row][col]}"


def test_pasted_functions_have_derivatives() -> None:
    x = v("x", "vector", m)
    example = search(f.d(x) == f.d.d(x), shrink=False)  # shrinking would leave a constant
    assert isinstance(example, Counterexample)
    row, col = example.place
    check = f"\nprint(f(x, 1)[{row}, {col}], f(x, 2)[{row}, {col}])"
    assert run(example.to_python() + check) == f"{example.left[row][col]} {example.right[row][col]}"


def test_pasted_fractions_are_exact() -> None:
    s = v("s", "scalar")
    example = found(lang.step(s) + lang.step(1 - s) == 1 + 0 * s)  # fails between 0 and 1 only
    assert 0 < example.values["s"] < 1
    assert run(example.to_python() + "\nprint(s)") == str(example.values["s"]) == example.to_json()["values"]["s"]


def test_pasted_lines_of_data() -> None:
    xi = family("x", "vector", n)
    total = lang.datasum(xi, "i")
    example = found(lang.datasum(xi.T @ xi, "i") == total.T @ total)
    check = "\nS = sum(w * X for w, X in zip(weights, x))\nprint((S.T @ S)[0, 0])"
    assert run(example.to_python() + check) == example.right[0][0]
    assert "# right side: " + example.right[0][0] in example.to_python()


def test_names_that_python_does_not_take() -> None:
    example = found(v("lambda", "scalar") == v("x'", "scalar") + v("numpy", "scalar"))
    assert run(example.to_python() + "\nprint(lambda_, x_, numpy_)").count(" ") == 2


def test_summary_names_the_entry() -> None:
    line = found(FALSE["commuting"]).summary()
    assert line.startswith("at n = 2: left ") and " in entry (" in line and "\n" not in line


def test_free_indices_name_their_data_point() -> None:
    xi, y = family("x", "vector", n), v("y", "vector", n)
    example = found(xi == y)
    assert example.to_json()["data_points"] == {"i": 1}
    assert "# i is data point 1" in example.to_python()
