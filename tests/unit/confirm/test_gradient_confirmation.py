"""Every gradient statement of derivations/ is confirmed, and a formula that is wrong in any respect is not."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from symflow.cli import main
from symflow.confirm.against_oracle import ConfirmationError, compare, is_rational
from symflow.confirm.bindings import Situation, bind
from symflow.confirm.checking import load_and_check
from symflow.confirm.concrete_functions import ACTIVATIONS, LOSSES
from symflow.confirm.efforts import DEEP, FAST
from symflow.confirm.gradient_confirmation import Confirmation, confirm_gradient
from symflow.derivation import load
from symflow.errors import ShapeError, UnsupportedError
from symflow.expr.tree import Equation
from symflow.network import draw_inside_chamber, to_layers

FOLDER = Path(__file__).resolve().parents[3] / "derivations"
CONFIRMED = [
    (statement.label, statement)
    for file in sorted(FOLDER.glob("*.py"))
    for derivation in load(file)
    for statement in derivation.everything()
    if statement.confirm
]
BY_LABEL = dict(CONFIRMED)
every_statement = pytest.mark.parametrize("statement", [pytest.param(s, id=label) for label, s in CONFIRMED])


def wrong(statement, factor):
    """The statement with its right side off by a factor; where that is zero, the left side's symbol in its place."""
    right = statement.equation.rhs
    if right.op == "zeros":
        symbols = (node for node in statement.equation.lhs.walk() if node.op == "symbol")
        return Equation(statement.equation.lhs, next(node for node in symbols if node.shape == right.shape))
    return Equation(statement.equation.lhs, right * factor)


def drawn(spec, *, exact, Q=3, N=6):
    rng = np.random.default_rng(2)
    return draw_inside_chamber(rng, Q, spec.get("depth", 1), N, 0.02, exact=exact, adapted=spec.get("adapted", True))


def test_what_is_confirmed():
    fixed = {"B2.1", "B2.2", "B3", "B5", "B6", "B11.leaky", "F1"}
    deep = {"B2", "B4", "B7.bias", "B7.weight", "B8", "B9.hidden", "B9.weight", "B9.bias", "B10", "B10.bias"}
    assert fixed | deep | {"B11", "B12", "B12.cross-entropy"} <= BY_LABEL.keys()


@every_statement
def test_a_planted_error_is_found(statement):
    """One part in a million: far above the tolerance, far below what a plot would show."""
    with pytest.raises(ConfirmationError, match="route"):
        confirm_gradient(wrong(statement, 1 + Fraction(1, 10**6)), statement.confirm)


@every_statement
def test_a_planted_error_is_found_in_every_reading_and_arithmetic(statement):
    equation = wrong(statement, 1 + Fraction(1, 10**6))
    for spec in statement.confirm:
        for exact in (True, False) if is_rational(spec) else (False,):
            situation = drawn(spec, exact=exact)
            compare(statement.equation, spec, *situation)
            with pytest.raises(ConfirmationError):
                compare(equation, spec, *situation)


@pytest.mark.parametrize("label", ["B3", "B11", "B12", "B12.cross-entropy"])
def test_fifty_digits_see_an_error_that_floats_do_not(label):
    statement = BY_LABEL[label]
    equation = wrong(statement, 1 + Fraction(1, 10**30))
    spec = statement.confirm[-1]
    network, data = drawn(spec, exact=True, Q=2, N=2)
    assert compare(statement.equation, spec, network, data, digits=True) < 1e-45
    compare(equation, spec, network.to_floats(), data.to_floats())
    with pytest.raises(ConfirmationError, match="tolerance 1e-45"):
        compare(equation, spec, network, data, digits=True)


@pytest.mark.parametrize(
    ("label", "change"),
    [
        ("B7.weight", {"cost": "standard"}), ("B9.bias", {"cost": "input"}), ("B11", {"activation": "relu", "f": 1}),
        ("B12", {"loss": "square", "f": 1}), ("B2", {"loss": "quartic"}), ("B3", {"activation": "leaky relu"}),
        ("F1", {"sign": 1}), ("B9.hidden", {"y": "targets"}), ("B10", {"H": ("patterns", 2)}),
        ("B12.cross-entropy", {"loss": "square"}), ("B7.bias", {"y": "targets"}), ("B10.bias", {"G": ("patterns", 1)}),
    ],
)  # fmt: skip
def test_another_network_than_the_statement_s_is_noticed(label, change):
    """Keys of the mapping that say what the network is are not decoration: each change of one is an error."""
    statement = BY_LABEL[label]
    spec = next(spec for spec in statement.confirm if spec.get("depth", 1) == (2 if label.startswith("B10") else 1))
    situation = drawn(spec, exact=False)
    compare(statement.equation, spec, *situation)
    options = {k: v for k, v in change.items() if k in ("cost", "activation", "loss", "sign")}
    symbols = {k: v for k, v in change.items() if k in spec["symbols"] and k != "f"}
    changed = {**spec, **options, "symbols": {**spec["symbols"], **symbols}}
    if "f" in change:  # the function stays what it was while the network changes
        which = "activation" if "activation" in change else "loss"
        table = ACTIVATIONS if which == "activation" else LOSSES
        name = spec[which]
        function = table[name][1] if which == "activation" else table[name]
        from symflow.confirm.concrete_functions import with_function

        equation = Equation(statement.equation.lhs, with_function(statement.equation.rhs, "f", function))
        changed["symbols"] = {k: v for k, v in changed["symbols"].items() if k != "f"}
    else:
        equation = statement.equation
    with pytest.raises(ConfirmationError):
        compare(equation, changed, *situation)


@pytest.mark.parametrize("activation", ["relu", "leaky relu", "polynomial", "tanh", "swish"])
def test_states_are_those_of_the_layered_network(activation):
    """A2 for any activation: x^(L+1) = W^(L+1) (z_L + beta_{L+1}), with the layers computed here."""
    network, data = draw_inside_chamber(np.random.default_rng(8), 3, 3, 5, 0.02, adapted=False)
    functions = {
        "relu": lambda u: np.maximum(u, 0), "leaky relu": lambda u: np.where(u > 0, u, u / 10),
        "polynomial": lambda u: u + u**2 / 8, "tanh": np.tanh, "swish": lambda u: u / (1 + np.exp(-u)),
    }  # fmt: skip
    layers, x = to_layers(network), data.points
    for number, (weight, bias) in enumerate(zip(layers.weights, layers.biases, strict=True), start=1):
        x = x @ weight.T + bias
        x = x if number == 4 else functions[activation](x)
    symbols = {"z": "last states", "V": "output weight", "c": "output bias", "K": ("output suffixes", 1),
               "q": ("output remainders", 1), "w": ("states", 1)}  # fmt: skip
    values, per_point = bind(symbols, Situation(network, data, activation, "floats"))
    assert np.allclose(x, (values["z"] + values["c"]) @ values["V"].T)
    assert np.allclose(x, np.einsum("nij,nj->ni", values["K"], values["w"]) + values["q"])
    assert per_point == {"z", "K", "q", "w"}


@pytest.mark.parametrize("name", [*ACTIVATIONS, *LOSSES])
def test_the_slope_is_the_derivative_of_the_value(name):
    function = ACTIVATIONS[name][1] if name in ACTIVATIONS else LOSSES[name]
    u, h = np.array([[-1.3, -0.4, 0.2, 0.9]]), 1e-6
    difference = (function.on(u + h, 0, "floats") - function.on(u - h, 0, "floats")) / (2 * h)
    assert np.allclose(difference, function.on(u, 1, "floats"), atol=1e-8)


def test_wrong_bindings_are_named():
    network, data = draw_inside_chamber(np.random.default_rng(0), 2, 1, 3, 0.05)
    at = Situation(network, data, "relu", "floats")
    with pytest.raises(UnsupportedError, match="'weather', which is no part"):
        bind({"x": "weather"}, at)
    with pytest.raises(ShapeError, match="in a network of 1 hidden layers"):
        bind({"z": ("states", 5)}, at)
    with pytest.raises(UnsupportedError, match="no function is called 'sine'"):
        compare(BY_LABEL["B3"].equation, {**BY_LABEL["B3"].confirm[0], "activation": "sine"}, network, data)


def test_what_is_reported():
    both = Confirmation(2, 3, 1, ("iris", "wine"), 1e-15) + Confirmation(0, 1, 0, ("iris", "digits"), 2e-15)
    assert str(both) == "oracle: 2 exact, 4 in floats (worst 2e-15), 1 to 50 digits, iris, wine and digits"
    assert len(DEEP.shapes) > len(FAST.shapes) and max(r[0] for r in DEEP.readings) == 6


WRONG_MAPPING = """
from symflow import Derivation, datasum, grad, sqnorm

d = Derivation("A mistaken mapping")
Q = d.dim("Q")
z, y, c = d.vector("z", Q, over="i"), d.vector("y", Q, over="i"), d.vector("c", Q)
C = d.define("C", datasum(sqnorm(z + c - y) / 2, "i"))
d.claim(
    "bias", grad(C, c) == datasum(z + c - y, "i"),
    confirm={"gradient": "output bias", "symbols": {"z": "last states", "c": "output bias", "y": "%s"}},
)
"""


@pytest.mark.parametrize(("y", "verdict"), [("labels", "error"), ("nothing", "unsupported")])
def test_a_proved_statement_that_is_not_confirmed_is_an_error(tmp_path, y, verdict):
    file = tmp_path / "mistaken.py"
    file.write_text(WRONG_MAPPING % y)
    if verdict == "unsupported":
        with pytest.raises(UnsupportedError):
            list(load_and_check(file))
        return
    (row,) = load_and_check(file)
    assert row.verdict == verdict and "proved, but not confirmed: a random network" in row.detail


def test_an_effort_says_how_much_is_compared():
    effort = replace(
        FAST, shapes=((8, 3),), datasets=(("digits", 8, 6),), component_sizes=(2, 3), component_seconds=10.0
    )
    chosen = load_and_check(FOLDER / "b3_cumulative_bias_flow.py", effort=effort, select=lambda t: t.startswith("B3 "))
    (row,) = chosen
    assert row.confirmation.startswith("SymPy at size")
    assert ", digits" in row.confirmation and "oracle: 2 exact, 2 in floats" in row.confirmation


def test_deep_is_an_option_of_check(capsys):
    file = FOLDER / "d3_spectral_gap.py"
    assert main(["check", "--deep", str(file), "-k", "dissipation"]) == 0
    assert "SymPy at size" in capsys.readouterr().out
