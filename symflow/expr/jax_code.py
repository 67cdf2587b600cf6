"""Expressions as JAX functions: the program that NumPy runs, run by jax.numpy, hence traceable, batched and jit-able.

JAX is optional and imported only when a function is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from symflow.errors import UnsupportedError
from symflow.expr.numpy_code import CompiledFunction, signature
from symflow.expr.numpy_emission import assemble
from symflow.expr.tree import Expr


@dataclass(frozen=True, eq=False, repr=False)
class JaxFunction(CompiledFunction):
    """An expression as a function of JAX arrays; made by :func:`compile_jax`, which says what it takes."""

    jax: Any = None

    def _array(self, value: Any) -> Any:
        if not self.jax.config.jax_enable_x64:
            raise UnsupportedError(
                "JAX computes with 32 bits here and formulas are compiled for 64: "
                'begin with jax.config.update("jax_enable_x64", True)'
            )
        return self.jax.numpy.asarray(value, dtype=self.jax.numpy.float64)

    def _known(self, array: Any) -> bool:
        return not isinstance(array, self.jax.core.Tracer)

    def __repr__(self) -> str:
        return f"<JAX function of {', '.join(self.arguments)}: {self.expression!r}>"


def compile_jax(expr: Expr, arguments: Iterable[str] | None = None) -> JaxFunction:
    """Make a JAX function of a derivative-free expression.

    It takes and returns what :func:`~symflow.expr.numpy_code.compile_numpy` says, with JAX arrays of float64 for
    arrays, and may stand under ``jax.jit``, ``jax.grad`` and ``jax.vmap``; function symbols are then callables on JAX
    arrays and dimensions are integers, both closed over or static. Under these transformations nobody can see whether
    a matrix that ought to be diagonal is: what is off its diagonal is ignored.

    Raises:
        UnsupportedError: JAX is not installed; the expression contains a derivative; when called, JAX's 64 bits
            are not switched on.
        KindError: ``arguments`` lacks a symbol of the expression.
        ShapeError: when called, with arguments whose shapes do not fit each other.

    >>> from symflow.expr.language import variable
    >>> from symflow.expr.tree import Symbol
    >>> A, x = variable(Symbol("A", "matrix", ("n", "m"))), variable(Symbol("x", "vector", ("m",)))
    >>> compile_jax(A @ x)  # doctest: +SKIP
    <JAX function of A, x: A@x>
    """
    jax = _installed_jax()
    names, symbols, dimensions = signature(expr, arguments)
    program, result = assemble(expr, jax.numpy)
    return JaxFunction(expr, names, symbols, dimensions, program, result, jax)


def _installed_jax() -> Any:
    try:
        return importlib.import_module("jax")
    except ImportError as problem:
        raise UnsupportedError(
            f'JAX functions need JAX, which cannot be imported ({problem}): pip install "symflow[jax]"'
        ) from None
