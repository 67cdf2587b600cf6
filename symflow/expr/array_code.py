"""Expressions as source text of NumPy functions of plain arrays, batched over the data: for few calls with many data.

The lines are those that ``lambdify`` runs. In difference to :func:`~symflow.expr.numpy_code.to_numpy` nothing is
converted or reshaped on the way in, and inverses are arguments, as in :mod:`symflow.expr.loop_code`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symflow.expr.loop_lowering import WHOLE_PARTS
from symflow.expr.numpy_emission import WEIGHTS, assemble
from symflow.expr.python_functions import Parameter, plain_function, text_of
from symflow.expr.shapes import SCALAR
from symflow.expr.tree import Expr


def to_arrays(
    expr: Expr, name: str = "f", arguments: Iterable[str] | None = None, *, weighted: bool = True,
    doc: Sequence[str] = (),
) -> str:  # fmt: skip
    """Source text of a NumPy function that returns the value of a derivative-free expression.

    Arguments, ``weighted``, ``doc`` and what is raised are as in :func:`~symflow.expr.loop_code.to_loops`; there is no
    ``out``: the function returns a float, (n,) for a vector, (n, m) for a matrix.

    >>> from symflow.expr.language import datasum, inv, outer, variable
    >>> from symflow.expr.tree import Symbol
    >>> W = variable(Symbol("W", "invertible", ("Q",)))
    >>> u, v = (variable(Symbol(name, "vector", ("Q",), family=True), "i") for name in "uv")
    >>> print(to_arrays(datasum(outer(inv(W).T @ u, v), "i"), "gradient", weighted=False))
    def gradient(inverse_of_W: Floats, u: Floats, v: Floats) -> Floats:
        t1 = u @ inverse_of_W.T.T
        t2 = t1.T @ v
        return np.asarray(t2)
    """
    function = plain_function(expr, arguments)
    program, result = assemble(function.expr, weighted=weighted, rules=WHOLE_PARTS)
    parameters = function.parameters()
    if WEIGHTS in program.inputs:
        parameters.append(Parameter(WEIGHTS, "Floats", (function.count,)))
    *lines, last = program.lines(result)
    value = last.removeprefix("return ")
    returned = f"return float({value})" if expr.shape == SCALAR else f"return np.asarray({value})"
    return text_of(name, parameters, "float" if expr.shape == SCALAR else "Floats", doc, [*lines, returned])
