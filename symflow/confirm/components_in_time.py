"""SymPy's derivation by components with a limit of time: its polynomials grow fast with the size.

A computation inside SymPy or FLINT cannot be stopped from within, so it runs in a process of its own, forked from this
one because it needs the imports and the expressions that are there already. Where processes cannot be forked it is
computed here, without a limit.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from multiprocessing.connection import Connection

from symflow.confirm.componentwise import componentwise
from symflow.errors import LimitError, SymflowError, UndefinedError
from symflow.expr.tree import Equation

FORKING = "fork" in multiprocessing.get_all_start_methods()


def componentwise_within(
    seconds: float, equation: Equation, sizes: Mapping[str, int], data_points: int = 2
) -> bool | None:
    """:func:`~symflow.confirm.componentwise.componentwise`, or None where it did not end in time or ran out of cases.

    Raises what ``componentwise`` raises for other reasons, UnsupportedError for example.

    >>> from symflow.expr.language import tr, variable
    >>> from symflow.expr.tree import Symbol
    >>> A, B = (variable(Symbol(name, "matrix", ("n",))) for name in "AB")
    >>> componentwise_within(20.0, tr(A @ B) == tr(B @ A), {"n": 3})
    True
    """
    if not FORKING:
        return componentwise(equation, sizes, data_points)
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    worker = context.Process(target=_answer, args=(there, equation, dict(sizes), data_points), daemon=True)
    worker.start()
    there.close()
    try:
        answer = here.recv() if here.poll(seconds) else None
    except EOFError:
        answer = None  # the process died, of memory for example
    finally:
        worker.kill()
        worker.join()
        here.close()
    if isinstance(answer, LimitError | UndefinedError):
        return None
    if isinstance(answer, SymflowError):
        raise answer
    return answer if isinstance(answer, bool) else None


def _answer(there: Connection, equation: Equation, sizes: dict[str, int], data_points: int) -> None:
    try:
        there.send(componentwise(equation, sizes, data_points))
    except SymflowError as error:
        there.send(error)
