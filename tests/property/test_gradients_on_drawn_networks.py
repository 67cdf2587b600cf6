"""Every gradient statement of derivations/ is the derivative of networks nobody chose: Hypothesis draws them.

Statements about one layer of many are read at each layer of networks of each depth; those written for a fixed depth at
that depth. Two routes of the oracle must agree with the formula: exactly over the rationals, to 1e-10 in floats.
Statements with a function symbol are read with each activation or loss that they name.
"""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symflow.confirm.against_oracle import ConfirmationError, at_layer, compare, holds_at_any_depth, is_rational
from symflow.derivation import load
from symflow.errors import ShapeError, UnsupportedError
from symflow.expr.tree import Equation
from symflow.network import draw_inside_chamber

FOLDER = Path(__file__).resolve().parents[2] / "derivations"
MARGIN = 0.01
LARGEST = (6, 5, 40)  # (Q, L, N)


def _gradient_statements():
    """Each statement with the first spec of each of its variants; the others are the same read elsewhere."""
    for path in sorted(FOLDER.glob("*.py")):
        for derivation in load(path):
            for statement in derivation.everything():
                variants = {
                    (spec.get("activation", ""), spec.get("loss", "")): spec for spec in statement.confirm[::-1]
                }
                for names, spec in sorted(variants.items()):
                    yield " ".join(filter(None, (statement.label, *names))), statement.equation, spec


STATEMENTS = list(_gradient_statements())
every_statement = pytest.mark.parametrize(
    ("equation", "spec"), [pytest.param(equation, spec, id=label) for label, equation, spec in STATEMENTS]
)


@st.composite
def _readings(draw, spec):
    """The statement at some layer of some depth, and what a network and its data are drawn from."""
    Q, L, N = (draw(st.integers(1, size)) for size in LARGEST)
    if spec.get("activation") == "polynomial":
        L = min(L, 2)  # degrees double at every layer
    if holds_at_any_depth(spec):
        spec = at_layer(spec, L, draw(st.integers(1, L)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return spec, rng, Q, N


def _compare_on_drawn(equation, drawn, *, exact):
    spec, rng, Q, N = drawn
    adapted = spec.get("adapted", True)
    network, data = draw_inside_chamber(rng, Q, spec.get("depth", 1), N, MARGIN, exact=exact, adapted=adapted)
    return compare(equation, spec, network, data)


def test_no_gradient_statement_is_missed():
    fixed = {"B2.1", "B2.2", "B3", "B5", "B6", "B11.leaky leaky relu", "F1"}
    deep = {"B2", "B4", "B7.bias", "B7.weight", "B8", "B9.hidden", "B9.weight", "B9.bias", "B10", "B10.bias"}
    deep |= {f"B11 {activation}" for activation in ("polynomial", "leaky relu", "tanh", "swish")}
    deep |= {"B12 quartic", "B12 pseudo-huber", "B12.cross-entropy cross-entropy"}
    assert fixed | deep <= {label for label, _, _ in STATEMENTS}
    assert deep <= {label for label, _, spec in STATEMENTS if holds_at_any_depth(spec)}


def _holds_on_drawn_networks(equation, spec, *, exact, examples):
    if exact and not is_rational(spec):
        pytest.skip("transcendental numbers are compared in floats here, to 50 digits in tests/unit/confirm")

    @settings(max_examples=examples)
    @given(drawn=_readings(spec))
    def holds(drawn):
        assert _compare_on_drawn(equation, drawn, exact=exact) <= (0 if exact else 1e-10)

    holds()


@every_statement
@pytest.mark.parametrize(("exact", "examples"), [(False, 25), (True, 6)], ids=["floats", "exact"])
def test_the_formula_is_the_derivative(equation, spec, exact, examples):
    _holds_on_drawn_networks(equation, spec, exact=exact, examples=examples)


@pytest.mark.deep
@every_statement
@pytest.mark.parametrize(("exact", "examples"), [(False, 1_000), (True, 100)], ids=["floats", "exact"])
def test_the_formula_is_the_derivative_on_many_networks(equation, spec, exact, examples):
    _holds_on_drawn_networks(equation, spec, exact=exact, examples=examples)


@every_statement
@pytest.mark.parametrize("exact", [False, True], ids=["floats", "exact"])
def test_a_wrong_formula_is_rejected(equation, spec, exact):
    if exact and not is_rational(spec):
        pytest.skip("transcendental")
    wrong = -equation.rhs
    if equation.rhs.op == "zeros":  # where the sign says nothing, B6, a formula that is not zero is wrong
        wrong = next(node for node in equation.lhs.walk() if node.op == "symbol" and node.shape == equation.rhs.shape)
    depth, adapted = spec.get("depth", 1), spec.get("adapted", True)
    network, data = draw_inside_chamber(np.random.default_rng(3), 3, depth, 6, MARGIN, exact=exact, adapted=adapted)
    compare(equation, spec, network, data)
    with pytest.raises(ConfirmationError, match=r"route: (cumulative|original) parameters"):
        compare(Equation(equation.lhs, wrong), spec, network, data)


def test_a_formula_at_the_wrong_layer_is_rejected():
    equation, spec = next((equation, spec) for label, equation, spec in STATEMENTS if label == "B4")
    here, there = at_layer(spec, 3, 2), at_layer(spec, 3, 1)
    network, data = draw_inside_chamber(np.random.default_rng(3), 3, 3, 6, MARGIN)
    compare(equation, here, network, data)
    with pytest.raises(ConfirmationError):
        compare(equation, {**here, "symbols": there["symbols"]}, network, data)


def test_a_statement_for_one_depth_is_not_moved():
    spec = next(spec for label, _, spec in STATEMENTS if label == "B3")
    with pytest.raises(UnsupportedError, match="depth 1 only"):
        at_layer(spec, 2, 1)


def test_a_layer_that_is_not_there():
    spec = next(spec for label, _, spec in STATEMENTS if label == "B2")
    with pytest.raises(ShapeError, match="no hidden layer 3"):
        at_layer(spec, 2, 3)
