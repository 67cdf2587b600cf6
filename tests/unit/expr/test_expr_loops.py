"""Loops against NumPy's products, for every right side of the derivations; and what the text looks like."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symflow.derivation import load
from symflow.errors import KindError, UnsupportedError
from symflow.expr.array_code import to_arrays
from symflow.expr.language import (
    comm,
    datasum,
    det,
    diag,
    dot,
    exp,
    eye,
    grad,
    hadamard,
    inv,
    log,
    ones,
    outer,
    relu,
    skew,
    sqnorm,
    step,
    sym,
    tr,
    variable,
    zeros,
)  # fmt: skip
from symflow.expr.loop_code import to_loops
from symflow.expr.loop_lowering import INVERSE
from symflow.expr.numpy_code import compile_numpy
from symflow.expr.tree import DERIVATIVES, Expr, FunctionSymbol, Symbol
from symflow.testing.trees import DERIVATIVE_FREE, SHAPES, expressions

FILES = sorted((Path(__file__).resolve().parents[3] / "derivations").glob("*.py"))
HEADER = """import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


"""
N = 5


@cache
def right_sides() -> tuple[tuple[str, Expr], ...]:
    """What the statements of the derivations say, both sides as far as they are free of derivatives."""
    found = []
    for file in FILES:
        for derivation in load(file):
            for statement in derivation.everything():
                for side, expr in (("left", statement.equation.lhs), ("right", statement.equation.rhs)):
                    if not expr.free and not any(node.op in DERIVATIVES for node in expr.walk()):
                        found.append((f"{file.stem}:{statement.label}:{side}", expr))
    return tuple(found)


def run(folder: Path, text: str, name: str = "f") -> Callable[..., Any]:
    """The function of a text, from a module in the folder."""
    path = folder / "printed.py"
    path.write_text(HEADER + text + "\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("printed", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)  # type: ignore[no-any-return]


def draw(symbol: Symbol, sizes: dict[str, int], generator: np.random.Generator) -> np.ndarray:
    """A value of the symbol's kind, for each data point one where it is a family."""

    def one() -> np.ndarray:
        dims = [d if isinstance(d, int) else sizes[d] for d in symbol.shape]
        square = generator.normal(size=(dims[0], dims[0]))
        match symbol.kind:
            case "positive_scalar":
                return generator.uniform(0.5, 2.0, ())
            case "scalar":
                return generator.normal(size=())
            case "mask":
                return generator.integers(0, 2, dims[0]).astype(float)
            case "diagonal":
                return generator.normal(size=dims[0])
            case "positive_diagonal":
                return generator.uniform(0.5, 2.0, dims[0])
            case "symmetric":
                return square + square.T
            case "positive_definite":
                return square @ square.T + np.eye(dims[0])
            case "antisymmetric":
                return square - square.T
            case "orthogonal":
                return np.linalg.qr(square)[0]
            case "projector" | "idempotent":
                basis = np.linalg.qr(square)[0][:, :2]
                return basis @ basis.T
        return generator.normal(size=[d for d in dims if d != 1])

    def shaped() -> np.ndarray:
        value = np.asarray(one())
        return value.reshape(()) if value.size == 1 and symbol.shape == (1, 1) else value

    return np.stack([shaped() for _ in range(N)]) if symbol.family else shaped()


def compare(
    expr: Expr, folder: Path, seed: int = 0, *, weighted: bool = True, places: list[int] | None = None
) -> None:  # fmt: skip
    """The loops and the NumPy function at one random point."""
    text = to_loops(expr, weighted=weighted, selected=places is not None)
    assert text == to_loops(expr, weighted=weighted, selected=places is not None)
    generator = np.random.default_rng(seed)
    compiled = compile_numpy(expr)
    names = sorted(
        {d for s in compiled.symbols.values() for d in s.dims if isinstance(d, str)} | {*compiled.dimensions}
    )
    sizes = {name: 3 + k for k, name in enumerate(names)}
    given: dict[str, Any] = {name: draw(s, sizes, generator) for name, s in compiled.symbols.items()}
    weights = generator.uniform(0.5, 1.0, N) if weighted else np.ones(N)
    summed = any(node.op == "datasum" for node in expr.walk())
    chosen = np.zeros(N)
    chosen[places if places is not None else slice(None)] = 1.0
    expected = compiled(
        **given, **{d: sizes[d] for d in compiled.dimensions}, **({"weights": weights * chosen} if summed else {})
    )
    loops = run(folder, text)
    known: dict[str, Any] = {
        "N": N,
        **{name: float(value) if value.ndim == 0 else value for name, value in given.items()},
        **{f"{INVERSE}{name}": np.linalg.inv(v) for name, v in given.items() if f"{INVERSE}{name}" in text},
        **sizes, "weights": weights, "places": None if places is None else np.array(places),
        "out": np.full_like(expected, np.nan),
    }  # fmt: skip
    code = loops.__code__
    result = loops(
        *(given[name[:-1]] if name.endswith("_") else known[name] for name in code.co_varnames[: code.co_argcount])
    )
    found = known["out"] if result is None else result
    scale = max(1.0, float(np.abs(expected).max()))
    assert np.abs(found - expected).max() <= 1e-11 * scale, text
    if places is None and (weighted or not summed or any(s.family for s in compiled.symbols.values())):
        arrays = to_arrays(expr, weighted=weighted)
        batched = run(folder, arrays)
        code = batched.__code__
        value = batched(
            *(given[name[:-1]] if name.endswith("_") else known[name] for name in code.co_varnames[: code.co_argcount])
        )
        assert np.shape(value) == np.shape(expected)
        assert np.abs(value - expected).max() <= 1e-11 * scale, arrays


def test_every_right_side_of_the_derivations(tmp_path: Path) -> None:
    done, passed_over = [], {}
    for label, expr in right_sides():
        try:
            to_loops(expr)
        except UnsupportedError as error:
            passed_over[label] = str(error)
            continue
        compare(expr, tmp_path, seed=len(done))
        done.append(label)
    assert len(done) > 400
    assert len(passed_over) < 50
    reasons = ("function symbol", "symbols and their products are inverted", "det has no code")
    assert all(any(reason in text for reason in reasons) for text in passed_over.values())


POSSIBLE = DERIVATIVE_FREE - {"apply", "det", "logdet", "inv", "div", "pow", "exp", "log", "sqrt", "step"}


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SHAPES).flatmap(lambda shape: expressions(shape, depth=4, ops=POSSIBLE)), st.booleans())
def test_any_expression(tmp_path: Path, e: Expr, selected: bool) -> None:
    compare(e, tmp_path, places=[3, 0] if selected else None)


def v(name: str, *dims: int | str, kind: str = "vector", index: str | None = None) -> Expr:
    return variable(Symbol(name, kind, dims or ("n",), index is not None), index)


A, B = v("A", "n", "m", kind="matrix"), v("B", "m", "n", kind="matrix")
u, w = v("u"), v("w", "m")
D, M = v("D", kind="diagonal"), v("M", kind="mask", index="i")
x, y = v("x", index="i"), v("y", "n", index="j")
K = v("K", "m", "n", kind="matrix", index="i")
S, W = v("S", kind="symmetric"), v("W", kind="invertible")
s = variable(Symbol("s", "positive_scalar"))


@pytest.mark.parametrize(
    "expr",
    [
        diag(u), diag(u) + A @ B, A @ B - D + 2 * eye("n"), D @ A, B @ D, D @ D @ u, skew(A @ B), sym(A @ B), u.T,
        w.T @ B, u.T @ A @ w, tr(A @ B), tr(D), tr(eye("n")) * u, tr(outer(u, u)), hadamard(A @ B, D), hadamard(u, A
        @ w), exp(-s * u), exp(A @ w), log(s) * eye("n"), relu(A @ w - u), step(u), exp(D), s**3 + s**-2, (W @ W.T)
        ** 2, W**-2 @ u, inv(D) @ u, inv(W @ D) @ u, inv(W).T @ A @ w, inv(inv(W)) @ u, 1 / (s + 1) * u, comm(S, D),
        comm(outer(u, A @ w), S), datasum(M, "i"), datasum(M, "i") @ u, datasum(K.T @ K, "i"), datasum(K.T @ K, "i")
        @ u, datasum(sqnorm(K @ x), "i"), datasum(outer(K @ x, u) - outer(w, M @ x), "i"), -datasum(M @ x, "i") +
        datasum(x, "i") / 2, datasum(1, "i") * u, datasum(datasum(dot(x, y) * outer(x, y), "j"), "i"),
        datasum(hadamard(x, datasum(y, "j")), "i"), datasum(datasum(x, "i"), "i"), dot(A, B.T), sqnorm(A @ w - u),
        datasum(sqnorm(x - u) * M, "i"), ones("n", "m") + A, zeros("n"), u * dot(u, D @ u), datasum(W @ x, "i"),
        datasum(D @ M @ W @ x, "i").T,
    ],
    ids=repr,
)  # fmt: skip
def test_forms(tmp_path: Path, expr: Expr) -> None:
    compare(expr, tmp_path)
    compare(expr, tmp_path, weighted=False)
    compare(expr, tmp_path, places=[1, 4, 2])
    compare(expr, tmp_path, places=[2, 4], weighted=False)


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (det(W) * u, "det has no code in loops"),
        (inv(W + D) @ u, "give the inverse a symbol of its own"),
        (x, "no datasum binds has no code of its own: i"),
        (FunctionSymbol(Symbol("f", "function"))(u), "the function symbol f"),
        (grad(sqnorm(u), u), "carry the differentiation out first"),
    ],
)
def test_what_is_no_loop(expr: Expr, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        to_loops(expr)


def test_deep_expressions() -> None:
    deep = u
    for _ in range(1000):
        deep = W @ deep
    with pytest.raises(UnsupportedError, match="nested deeper than"):
        to_loops(deep)


def test_names_that_are_taken(tmp_path: Path) -> None:
    taken = v("lambda") + v("out") + v("max") + v("n") + v("np")
    assert to_loops(taken).startswith("def f(lambda_: Floats, out_: Floats, max_: Floats, n_: Floats, np_: Floats, out")
    out = np.empty(3)
    run(tmp_path, to_loops(taken))(*(np.full(3, 2.0**k) for k in range(5)), out)
    assert out.tolist() == [31.0] * 3
    loops = v("a") + A @ v("b", "m") + v("c", kind="matrix") @ v("t1") + outer(v("v1"), v("i")) @ v("m1")
    compare(datasum(loops + x, "i"), tmp_path)
    with pytest.raises(KindError, match="lambda_ is another symbol"):
        to_loops(v("lambda") + v("lambda_"))


def test_products_with_vectors_come_first_and_nothing_is_computed_twice() -> None:
    P = v("R", kind="orthogonal").T @ D @ v("R", kind="orthogonal")
    assert "m1" not in to_loops(datasum((eye("n") - P) @ P @ (u + x), "i"))  # no matrix is formed
    text = to_loops(datasum(outer(W @ x, M @ W @ x) + outer(M @ W @ x, W @ x), "i"))
    assert text.count("W[a, b] * x[i, b]") == 1
    hoisted = to_loops(datasum(sqnorm(W @ u + x) * x, "i"))
    assert hoisted.index("W[a, b] * u[b]") < hoisted.index("for i in")


def test_numba_compiles_them() -> None:
    numba = pytest.importorskip("numba")
    generator = np.random.default_rng(3)
    data, mask = generator.normal(size=(N, 3)), generator.integers(0, 2, (N, 3)).astype(float)
    expr = skew(datasum(outer(x, M @ x) * sqnorm(x) + exp(-s) * outer(relu(W @ x), x), "i"))
    text = to_loops(expr, weighted=False)
    with tempfile.TemporaryDirectory() as folder:
        function = run(Path(folder), text)
    plain, fast = np.empty((3, 3)), np.empty((3, 3))
    matrix = generator.normal(size=(3, 3))
    given = {"x": data, "M": mask, "s": 0.7, "W": matrix}
    order = function.__code__.co_varnames[: function.__code__.co_argcount - 1]
    function(*(given[name] for name in order), plain)
    numba.njit(function)(*(given[name] for name in order), fast)
    np.testing.assert_allclose(fast, plain, rtol=1e-13)
