"""NumPy functions against a plain evaluator that knows no fast route: full matrices, one data point at a time."""

from __future__ import annotations

import importlib.util
import itertools
import math
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symflow.claims.statements import parse_expression
from symflow.errors import KindError, ShapeError, UnsupportedError
from symflow.expr.language import datasum, eye, grad, variable
from symflow.expr.numpy_code import compile_numpy, to_numpy
from symflow.expr.tree import Expr, FunctionSymbol, Symbol
from tests.property.trees import DERIVATIVE_FREE, SHAPES, SYMBOLS, expressions
from tests.property.values import random_value

POINTS = 3
DIMS = {"n": 2, "m": 3, "Q": 2}
WEIGHTS = np.array([0.5, 1.25, 2.0])


def size(dim: str | int) -> int:
    return DIMS.get(dim, dim)  # type: ignore[arg-type, return-value]


VALUES = {
    name: random_value(symbol, DIMS, POINTS, np.random.default_rng(list(name.encode())))
    for name, symbol in SYMBOLS.items()
}


def reference(e: Expr, values: dict[str, Any], point: dict[str, int]) -> Any:
    """The expression by the table of the claims format, every value a two-dimensional array."""
    if e.op == "datasum":
        return sum(w * reference(e.args[0], values, point | {e.data: k}) for k, w in enumerate(WEIGHTS))
    if e.op == "symbol":
        symbol, index = e.data
        array = values[symbol.name]
        return np.asarray(array if index is None else array[point[index]]).reshape(*map(size, e.shape))
    args = [reference(a, values, point) for a in e.args]
    rows, cols = map(size, e.shape)
    if e.op == "apply":
        return values[e.data[0].name][e.data[1]](args[0])
    simple = {
        "number": lambda: np.array([[float(e.data)]]) if e.op == "number" else None,
        "eye": lambda: np.eye(rows), "zeros": lambda: np.zeros((rows, cols)), "ones": lambda: np.ones((rows, cols)),
        "add": lambda: sum(args), "neg": lambda: -args[0], "transpose": lambda: args[0].T,
        "mul": lambda: args[0] * args[1], "matmul": lambda: args[0] @ args[1], "div": lambda: args[0] / args[1],
        "pow": lambda: np.linalg.matrix_power(args[0], e.data), "inv": lambda: np.linalg.inv(args[0]),
        "tr": lambda: np.trace(args[0]), "det": lambda: np.linalg.det(args[0]),
        "logdet": lambda: np.log(abs(np.linalg.det(args[0]))), "sqnorm": lambda: np.sum(args[0] ** 2),
        "dot": lambda: np.sum(args[0] * args[1]), "comm": lambda: args[0] @ args[1] - args[1] @ args[0],
        "sym": lambda: (args[0] + args[0].T) / 2, "skew": lambda: (args[0] - args[0].T) / 2,
        "hadamard": lambda: args[0] * args[1], "diag": lambda: np.diag(args[0][:, 0]),
        "diagpart": lambda: np.diag(args[0])[:, None], "outer": lambda: args[0] @ args[1].T,
        "exp": lambda: np.exp(args[0]), "log": lambda: np.log(args[0]), "sqrt": lambda: np.sqrt(args[0]),
        "sin": lambda: np.sin(args[0]), "cos": lambda: np.cos(args[0]), "tanh": lambda: np.tanh(args[0]),
        "relu": lambda: np.where(args[0] > 0, args[0], 0.0), "step": lambda: np.where(args[0] > 0, 1.0, 0.0),
    }  # fmt: skip
    return np.asarray(simple[e.op]()).reshape(rows, cols)


def shaped(e: Expr, array: Any) -> Any:
    """The reference value in the shape that compiled functions return."""
    if e.shape == (1, 1):
        return array[0, 0]
    return array[:, 0] if e.shape[1] == 1 else array


def taken(e: Expr) -> dict[str, Any]:
    names = {node.data[0].name for node in e.walk() if node.op in ("symbol", "apply")}
    return {name: VALUES[name] for name in names}


def sizes_needed(compiled: Any) -> dict[str, int]:
    return {name: DIMS[name] for name in compiled.dimensions}


def assert_agrees(e: Expr) -> None:
    with np.errstate(all="ignore"):
        try:
            expected = shaped(e, reference(e, VALUES, {}))
        except np.linalg.LinAlgError:
            assume(False)
        assume(np.isfinite(expected).all() and np.abs(expected).max() < 1e8)
        compiled = compile_numpy(e)
        got = compiled(**taken(e), **sizes_needed(compiled), weights=WEIGHTS)
    assert np.shape(got) == np.shape(expected)
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9 * max(1.0, float(np.abs(expected).max())))


# neither division nor overflow: rounding stays small and every draw counts
TAME = DERIVATIVE_FREE - {"div", "inv", "pow", "exp", "log", "sqrt", "logdet", "step", "det"}


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(SHAPES).flatmap(lambda shape: expressions(shape, ops=TAME)))
def test_agrees_with_reference(e: Expr) -> None:
    assert_agrees(e)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(SHAPES).flatmap(lambda shape: expressions(shape, depth=2, ops=DERIVATIVE_FREE)))
def test_agrees_with_reference_on_shallow_trees_of_every_operation(e: Expr) -> None:
    assert_agrees(e)


def function_of(source: str, name: str, folder: Path) -> Any:
    """The printed function, imported as a module: printed source must stand on its own."""
    path = folder / f"{name}.py"
    path.write_text(f"import numpy as np\n\n\n{source}\n")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(SHAPES).flatmap(lambda shape: expressions(shape, ops=TAME)))
def test_source_does_what_the_callable_does(e: Expr) -> None:
    folder = Path(tempfile.mkdtemp())
    compiled = compile_numpy(e)
    given_ = {**taken(e), **sizes_needed(compiled)}
    source = to_numpy(e, "printed")
    if "weights" in compiled.program.inputs:
        given_["weights"] = WEIGHTS
    got = function_of(source, "printed", folder)(**given_)
    np.testing.assert_array_equal(got, compiled(**given_))


LET = {
    "R": "orthogonal(Q)", "H": "mask(Q)[i]", "x": "vector(Q)[i]", "b": "vector(Q)", "y": "vector(Q)", "A": "matrix(Q)",
    "t": "scalar", "f": "function", "W": "matrix(n, m)", "u": "vector(m)",
}  # fmt: skip


def parsed(text: str) -> Expr:
    return parse_expression(text, LET)


B3 = "datasum((eye(Q) - R.T@H[i]@R)@(b + y), i)"
B5 = "datasum(comm(R@(outer(x[i] - y, x[i] - y) - outer(b + y, b + y))@R.T, H[i]), i)/2"


def arrays(N: int, Q: int) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    return {
        "R": np.linalg.qr(rng.normal(size=(Q, Q)))[0], "H": rng.integers(0, 2, size=(N, Q)).astype(float),
        "x": rng.normal(size=(N, Q)), "b": rng.normal(size=Q), "y": rng.normal(size=Q),
    }  # fmt: skip


@pytest.mark.parametrize("text", [B3, B5])
def test_diagonal_kinds_come_in_full_or_as_diagonals(text: str) -> None:
    e, given_ = parsed(text), arrays(5, 3)
    compiled = compile_numpy(e, ["R", "H", "x", "b", "y"])
    full = given_ | {"H": np.array([np.diag(h) for h in given_["H"]])}
    np.testing.assert_array_equal(compiled(**given_), compiled(**full))
    np.testing.assert_array_equal(compiled(**given_), compiled(*given_.values()))


def test_bias_flow_by_hand() -> None:
    given_ = arrays(4, 2)
    w = np.array([1.0, 2.0, 3.0, 4.0])
    R, v = given_["R"], given_["b"] + given_["y"]
    expected = sum(w[k] * (v - R.T @ np.diag(h) @ R @ v) for k, h in enumerate(given_["H"]))
    del given_["x"]
    np.testing.assert_allclose(compile_numpy(parsed(B3))(**given_, weights=w), expected, rtol=1e-13)
    np.testing.assert_allclose(
        compile_numpy(parsed(B3))(**given_), compile_numpy(parsed(B3))(**given_, weights=np.ones(4))
    )


def test_bias_flow_takes_a_handful_of_products() -> None:
    compiled = compile_numpy(parsed(B3))
    assert len([step for step in compiled.program.steps if not step.inline]) <= 9
    given_ = arrays(1000, 10)
    del given_["x"]
    compiled(**given_)
    best = math.inf
    for _ in range(20):
        start = time.perf_counter()
        compiled(**given_)
        best = min(best, time.perf_counter() - start)
    assert best < 1e-3  # 0.05 ms where measured; N products of matrices would take several


def test_common_subexpressions_are_one_step() -> None:
    once = compile_numpy(parsed("f(A@b)"))
    twice = compile_numpy(parsed("hadamard(f(A@b), f(A@b))"))
    assert len(twice.program.steps) == len(once.program.steps) + 1


def test_two_data_indices() -> None:
    e = parsed("datasum(datasum((x[i].T@x[j])**2*x[j], i), j)")
    x = np.random.default_rng(0).normal(size=(4, 2))
    w = np.array([1.0, 0.5, 2.0, 3.0])
    pairs = itertools.product(range(4), repeat=2)
    expected = sum(w[i] * w[j] * (x[i] @ x[j]) ** 2 * x[j] for i, j in pairs)
    np.testing.assert_allclose(compile_numpy(e)(x=x, weights=w), expected, rtol=1e-12)


def test_unbound_data_index_is_a_leading_axis() -> None:
    R = variable(Symbol("R", "orthogonal", ("Q",)))
    x = variable(Symbol("x", "vector", ("Q",), True), "i")
    given_ = arrays(5, 2)
    np.testing.assert_allclose(compile_numpy(R @ x)(R=given_["R"], x=given_["x"]), given_["x"] @ given_["R"].T)


def test_function_with_its_derivatives() -> None:
    e = parsed("diag(f.d(b))@f(b)")
    b = np.array([0.3, -1.2])
    np.testing.assert_allclose(compile_numpy(e)(f=(np.sin, np.cos), b=b), np.cos(b) * np.sin(b))
    np.testing.assert_allclose(compile_numpy(parsed("f(b)"))(f=np.sin, b=b), np.sin(b))


def test_inverse_times_vector_solves() -> None:
    assert "np.linalg.solve" in to_numpy(parsed("inv(A)@b"))
    assert "inv" not in to_numpy(parsed("inv(A)@b"))


def test_dimension_without_argument_is_an_argument() -> None:
    assert compile_numpy(parsed("tr(eye(k))*t"))(t=2.0, k=5) == 10.0


def test_weights_tell_the_number_of_points() -> None:
    e = datasum(variable(Symbol("t", "scalar")), "i")
    assert compile_numpy(e)(t=2.0, weights=[1, 2]) == 6.0
    with pytest.raises(KindError, match="give weights="):
        compile_numpy(e)(t=2.0)


def test_long_products_do_not_exhaust_the_stack() -> None:
    A, b = parsed("A"), parsed("b")
    for _ in range(600):
        b = A @ b
    np.testing.assert_allclose(compile_numpy(b)(A=np.eye(2), b=[1, 2]), [1, 2])


def test_derivatives_are_refused() -> None:
    b = variable(Symbol("b", "vector", ("Q",)))
    with pytest.raises(UnsupportedError, match="grad has no NumPy code"):
        compile_numpy(grad(b.T @ b, b))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"W": np.ones((2, 3)), "u": np.ones(2)}, "m is 3 by W but 2 by u"),
        ({"W": np.ones(3), "u": np.ones(3)}, "W is matrix, n x m; the array given has shape"),
        ({"W": np.ones((2, 3)), "u": np.ones((1, 3))}, "u is vector"),
        ({"W": np.ones((2, 3))}, "missing arguments: u"),
        ({"W": np.ones((2, 3)), "u": np.ones(3), "v": 1}, "v is no argument"),
    ],
)
def test_arguments_that_do_not_fit(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((KindError, ShapeError), match=message):
        compile_numpy(parsed("W@u"))(**arguments)


def test_a_mask_that_is_not_diagonal_is_refused() -> None:
    given_ = arrays(5, 2) | {"H": np.ones((5, 2, 2))}
    del given_["x"]
    with pytest.raises(ShapeError, match="not diagonal"):
        compile_numpy(parsed(B3))(**given_)


def test_arguments_must_cover_the_symbols() -> None:
    with pytest.raises(KindError, match="lack"):
        compile_numpy(parsed("W@u"), ["W"])


def test_unit_matrix_alone() -> None:
    np.testing.assert_array_equal(compile_numpy(eye("n"))(n=3), np.eye(3))
    assert to_numpy(FunctionSymbol(Symbol("f", "function"))(parsed("t")), "h").startswith("def h(f, t):")
