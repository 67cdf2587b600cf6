"""Reading back: what comes out of index notation is what a person would write, and has the value that went in."""

from __future__ import annotations

import pytest

from symflow.calculus.atoms import Space
from symflow.calculus.elaboration import Elaborator
from symflow.calculus.reading_back import read_back
from symflow.claims import parse_statement, scope
from symflow.errors import UnsupportedError
from symflow.expr.tree import Equation, Expr, Symbol
from symflow.refutation import agrees

SYMBOLS = {
    "s": "scalar",
    "A": "matrix(n, m)",
    "B": "matrix(m, n)",
    "C": "matrix(n)",
    "S": "symmetric(n)",
    "D": "diagonal(n)",
    "V": "invertible(n)",
    "u": "vector(n)",
    "v": "vector(n)",
    "w": "vector(m)",
    "x": "vector(n)[i]",
    "H": "mask(n)[i]",
    "f": "function",
}


def expression(text: str) -> Expr:
    return parse_statement(f"{text} == {text}", scope(SYMBOLS)).lhs


def back(e: Expr) -> Expr:
    space = Space()
    tensor = Elaborator(space)(e)
    return read_back(space, tensor.collected(space), tensor.labels, tensor.dims)


AS_A_PERSON_WRITES = [
    ("A@B", "A@B"),
    ("(A@B).T", "B.T@A.T"),
    ("tr(C)", "tr(C)"),
    ("u.T@v", "u.T@v"),
    ("diag(u)@v", "hadamard(u, v)"),
    ("D@v", "D@v"),
    ("S.T", "S"),
    ("C - C", "zeros(n, n)"),
    ("u.T@v - v.T@u", "0"),
    ("eye(n)", "eye(n)"),
    ("tr(eye(n))", "tr(eye(n))"),
    ("3*C", "3*C"),
    ("-C/2", "-(1/2*C)"),
    ("grad(sqnorm(A@w)/2, w)", "A.T@A@w"),
    ("datasum(x[i], i)", "datasum(x[i], i)"),
    ("datasum(u, i)", "datasum(1, i)*u"),
    ("f.d(u)", "f.d(u)"),
    ("ones(n, n)", "ones(n)@ones(n).T"),
]


@pytest.mark.parametrize(("text", "wanted"), AS_A_PERSON_WRITES)
def test_reading_back_is_readable(text: str, wanted: str) -> None:
    found = repr(back(expression(text)))
    assert found.replace("(", "").replace(")", "") == wanted.replace("(", "").replace(")", "")


SAME_VALUE = [
    "A@B@C",
    "(A@B + C)**2",
    "tr(C@C.T@C)",
    "diagpart(A@B)",
    "diag(diagpart(C))",
    "hadamard(C, A@B)@u",
    "outer(u, v)@C",
    "sqnorm(A@w - u)",
    "C@diag(hadamard(u, v))@C.T",
    "ones(n).T@C@ones(n)*u",
    "datasum(H[i]@x[i], i)",
    "datasum(x[i].T@C@x[i]*u, i)",
    "datasum(outer(x[i], x[i]), i)",
    "datasum(sqnorm(x[i]), i)*datasum(x[i], i)",
    "inv(V)@C@inv(V).T",
    "inv(V + C)@u",
    "f(C@u)",
    "exp(s)*sin(hadamard(u, v))",
    "hadamard(f(C), S)",
    "tr(C)*tr(eye(n))*C",
    "relu(C@u + v)",
    "1/(1 + u.T@u)*v",
    "log(1 + u.T@u)",
    "det(C)*u",
    "grad(tr(C@V@C.T@V), V)",
    "jac(f(C@u), u)",
    "hadamard(hadamard(C, C), C)",
    "diagpart(C@D@C)",
    "f.d.d(u)",
    "hadamard(diagpart(C), u)",
    "diagpart(C).T@diagpart(A@B)",
    "diagpart(C).T@u",
    "diag(diagpart(C))@S",
    "D@diagpart(C)",
    "diagpart(D)",
    "diagpart(D).T@diagpart(C)",
    "diag(hadamard(diagpart(D), u))",
]


@pytest.mark.parametrize("text", SAME_VALUE)
def test_reading_back_keeps_the_value(text: str) -> None:
    e = expression(text)
    again = back(e)
    assert again.shape == e.shape
    assert agrees(Equation(e, again), points=6, seed=3)


@pytest.mark.parametrize("text", SAME_VALUE)
def test_reading_back_keeps_the_terms(text: str) -> None:
    e = expression(text)
    space = Space()
    elaborate = Elaborator(space)
    tensor = elaborate(e)
    again = elaborate(read_back(space, tensor.collected(space), tensor.labels, tensor.dims))
    assert again.collected(space) == tensor.collected(space)


def test_a_network_that_is_no_product_says_so() -> None:
    space = Space()
    a = space.symbol(Symbol("C", "matrix", ("n",)))
    edges = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))  # a tetrahedron
    with pytest.raises(UnsupportedError, match="network"):
        read_back(space, {(tuple((a, e) for e in edges), ()): 1}, (), ())
