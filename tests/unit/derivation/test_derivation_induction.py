"""Induction over layers: what it proves, and that errors are found where they are."""

from __future__ import annotations

import pytest

from symflow.derivation import Derivation, Recursion
from symflow.errors import KindError, ShapeError
from symflow.expr.language import datasum, eye, inv, relu, sqnorm, zeros
from symflow.expr.tree import Equation


def composed(d: Derivation) -> Recursion:
    """The states of theory A1: cumulative weight and bias, and the composition itself."""
    layers = d.recursion()
    layers.parameter("W", d.matrix("W", "Q"))
    layers.parameter("b", d.vector("b", "Q"))
    layers.state("A", d.matrix("A", "Q"), start=eye("Q"), following=lambda s: s.W @ s.A)
    layers.state("c", d.vector("c", "Q"), start=zeros("Q"), following=lambda s: s.W @ s.c + s.b)
    layers.state("u", d.vector("u", "Q"), start=d.vector("x", "Q"), following=lambda s: s.W @ s.u + s.b)
    return layers


def statuses(d: Derivation) -> dict[str, str]:
    return {step.label: step.verdict.status for step in d.check().steps}


def test_a_true_statement_is_proved_in_base_and_step() -> None:
    d = Derivation("A1")
    layers = composed(d)
    d.induction("A1", layers, lambda s: s.u == s.A @ d.vector("x", "Q") + s.c)
    assert statuses(d) == {"A1.base": "proved", "A1.step": "proved", "A1": "proved"}


def test_a_wrong_step_is_refuted_in_the_step_alone() -> None:
    d = Derivation("wrong step")
    layers = d.recursion()
    layers.parameter("W", d.matrix("W", "Q"))
    layers.state("A", d.matrix("A", "Q"), start=eye("Q"), following=lambda s: s.A @ s.W)  # the wrong side
    layers.state("u", d.vector("u", "Q"), start=d.vector("x", "Q"), following=lambda s: s.W @ s.u)
    d.induction("A1", layers, lambda s: s.u == s.A @ d.vector("x", "Q"))
    assert statuses(d) == {"A1.base": "proved", "A1.step": "refuted", "A1": "undecided"}


def test_a_wrong_base_is_refuted_in_the_base_alone() -> None:
    d = Derivation("wrong base")
    layers = d.recursion()
    layers.parameter("W", d.matrix("W", "Q"))
    layers.state("A", d.matrix("A", "Q"), start=2 * eye("Q"), following=lambda s: s.W @ s.A)
    layers.state("u", d.vector("u", "Q"), start=d.vector("x", "Q"), following=lambda s: s.W @ s.u)
    d.induction("A1", layers, lambda s: s.u == s.A @ d.vector("x", "Q"))
    assert statuses(d) == {"A1.base": "refuted", "A1.step": "proved", "A1": "refuted"}


def test_a_hypothesis_that_determines_no_state_is_assumed_as_an_equation() -> None:
    d = Derivation("rotations")
    layers = d.recursion()
    layers.parameter("R", d.orthogonal("R", "Q"))
    layers.state("P", d.matrix("P", "Q"), start=eye("Q"), following=lambda s: s.R @ s.P)
    d.induction("product", layers, lambda s: s.P.T @ s.P == eye("Q"))
    step = d.check()["product.step"]
    assert step.verdict.status == "proved"
    assert [repr(h) for h in step.hypotheses] == ["P.T@P == eye(Q)"]
    assert d.hypotheses == []


def test_the_step_does_not_prove_itself_without_the_hypothesis() -> None:
    d = Derivation("no hypothesis")
    layers = composed(d)
    statement, hypotheses, known = layers.step(lambda s: s.u == s.A @ d.vector("x", "Q") + s.c)
    assert not hypotheses
    assert len(known) == 1
    bare = Equation(layers.following()["u"], layers.following()["A"] @ d.vector("x", "Q") + layers.following()["c"])
    d.claim("bare", bare)
    assert statuses(d) == {"bare": "refuted"}
    assert not any(node.data[0].name == "u" for node in statement.lhs.walk() if node.op == "symbol")


def test_deep_networks_with_relu() -> None:
    d = Derivation("A2")
    layers = d.recursion()
    layers.parameter("W", d.invertible("W", "Q"))
    layers.state("A", d.invertible("A", "Q"), start=eye("Q"), following=lambda s: s.W @ s.A)
    layers.state("h", d.vector("h", "Q"), start=d.vector("x", "Q"), following=lambda s: relu(s.W @ s.h))
    layers.state(
        "z", d.vector("z", "Q"), start=d.vector("x", "Q"), following=lambda s: inv(s.A_next) @ relu(s.A_next @ s.z)
    )
    d.induction("A2", layers, lambda s: s.h == s.A @ s.z)
    assert statuses(d) == {"A2.base": "proved", "A2.step": "proved", "A2": "proved"}


def test_a_state_must_keep_its_kind() -> None:
    d = Derivation("kinds")
    layers = d.recursion()
    layers.parameter("W", d.matrix("W", "Q"))
    layers.state("A", d.invertible("A", "Q"), start=eye("Q"), following=lambda s: s.W @ s.A)
    with pytest.raises(KindError, match="not seen to be invertible"):
        layers.following()
    with pytest.raises(KindError, match="not seen to be orthogonal"):
        layers.state("R", d.orthogonal("R", "Q"), start=d.matrix("M", "Q"), following=lambda s: s.R)


def test_a_parameter_has_no_place_in_the_statement() -> None:
    d = Derivation("parameter")
    layers = composed(d)
    with pytest.raises(KindError, match="belongs to a single layer"):
        d.induction("bad", layers, lambda s: s.u == s.W @ s.u)


def test_shapes_and_names_are_checked() -> None:
    d = Derivation("shapes")
    layers = d.recursion()
    with pytest.raises(ShapeError):
        layers.state("u", d.vector("u", "Q"), start=eye("Q"), following=lambda s: s.u)
    layers.state("u", d.vector("u", "Q"), start=zeros("Q"), following=lambda s: s.u)
    with pytest.raises(KindError, match="already"):
        layers.parameter("u", d.matrix("W", "Q"))
    with pytest.raises(KindError, match="it has: u"):
        layers.here().v  # noqa: B018  # the access itself is what is tested


def test_the_theorem_says_for_every_number_of_layers() -> None:
    d = Derivation("A1")
    d.induction("A1", composed(d), lambda s: s.u == s.A @ d.vector("x", "Q") + s.c)
    theorem = d.check()["A1"]
    assert theorem.scope == "proved for every Q and every number of layers"
    assert repr(theorem.equation) == "u == A@x + c"
    assert "base: certificate" in theorem.verdict.detail


def test_the_theorem_is_used_about_the_states_and_nothing_else() -> None:
    d, e = Derivation("A1"), Derivation("uses it")
    layers = composed(d)
    x = d.vector("x", "Q")
    d.induction("A1", layers, lambda s: s.u == s.A @ x + s.c)
    A, c, u, y = (e.matrix("M", "Q"), *(e.vector(name, "Q") for name in "guy"))
    here = layers.here()
    with pytest.raises(KindError, match="name the symbol that stands for"):
        e.lemma("A1", of=d)
    with pytest.raises(KindError, match="name the symbol that stands for"):
        e.lemma("A1", of=d, values={here.A: A, here.c: c + c, here.u: u})
    used = e.lemma("A1", of=d, values={here.A: A, here.c: c, here.u: u, x: y})
    assert repr(used) == "u == M@y + g"
    e.claim("image", u - c == A @ y)
    step = e.check()["image"]
    assert step.verdict.status == "proved"
    assert [repr(h) for h in step.hypotheses] == ["u == M@y + g"]
    assert "every number of layers" in step.scope
    with pytest.raises(KindError, match="stands for another state"):
        e.lemma("A1", of=d, values={here.A: A, here.c: c, here.u: u, x: c})  # another start: other states


def test_a_theorem_that_fails_proves_nothing() -> None:
    d, e = Derivation("wrong"), Derivation("uses it")
    layers = d.recursion()
    layers.parameter("W", d.matrix("W", "Q"))
    x = d.vector("x", "Q")
    layers.state("A", d.matrix("A", "Q"), start=eye("Q"), following=lambda s: s.A @ s.W)
    layers.state("u", d.vector("u", "Q"), start=x, following=lambda s: s.W @ s.u)
    d.induction("A1", layers, lambda s: s.u == s.A @ x)
    A, u = e.matrix("A", "Q"), e.vector("u", "Q")
    e.lemma("A1", of=d, values={layers.here().A: A, layers.here().u: u, x: e.vector("x", "Q")})
    e.claim("double", 2 * u == 2 * A @ e.vector("x", "Q"))
    verdict = e.check()["double"].verdict
    assert verdict.status == "undecided"
    assert "rests on A1, not proved" in verdict.detail


def test_no_hypothesis_may_speak_of_the_states() -> None:
    d = Derivation("restricted")
    layers = composed(d)
    d.assume(layers.here().A == eye("Q"))
    with pytest.raises(KindError, match="at every layer another"):
        d.induction("A1", layers, lambda s: s.u == s.A @ d.vector("x", "Q") + s.c)


def test_an_induction_is_about_equations() -> None:
    d = Derivation("order")
    layers = composed(d)
    with pytest.raises(KindError, match="proves equations"):
        d.induction("A1", layers, lambda s: s.u.T @ s.u >= 0)


def test_states_of_every_layer_and_every_data_point() -> None:
    d, e = Derivation("families"), Derivation("uses them")
    x = d.vector("x", "Q", over="i")
    layers = d.recursion()
    layers.parameter("P", d.matrix("P", "Q", over="i"))
    layers.parameter("b", d.vector("b", "Q"))
    layers.state("J", d.matrix("J", "Q", over="i"), start=eye("Q"), following=lambda s: s.P @ s.J)
    layers.state("r", d.vector("r", "Q", over="i"), start=zeros("Q"), following=lambda s: s.P @ s.r + s.b)
    layers.state("z", d.vector("z", "Q", over="i"), start=x, following=lambda s: s.P @ s.z + s.b)
    d.induction("affine", layers, lambda s: s.z == s.J @ x + s.r)
    assert statuses(d) == {"affine.base": "proved", "affine.step": "proved", "affine": "proved"}
    z, r, y = (e.vector(name, "Q", over="i") for name in "zry")
    J, here = e.matrix("J", "Q", over="i"), layers.here()
    e.lemma("affine", of=d, values={here.z: z, here.J: J, here.r: r, x: y})
    e.claim("cost", datasum(sqnorm(z), "i") == datasum(sqnorm(J @ y + r), "i"))
    e.claim("wrong", datasum(sqnorm(z), "i") == datasum(sqnorm(J @ y - r), "i"))
    assert statuses(e) == {"cost": "proved", "wrong": "refuted"}
    assert e.check()["cost"].scope.startswith("proved for every Q, every number of layers and every data set")


def test_a_number_may_be_a_start() -> None:
    d = Derivation("numbers")
    layers = d.recursion()
    layers.state("k", d.scalar("k"), start=0, following=lambda s: s.k + 1)
    layers.state("t", d.scalar("t"), start=1, following=lambda s: s.t + 2)
    d.induction("odd", layers, lambda s: s.t == 2 * s.k + 1)
    assert d.check().proved
