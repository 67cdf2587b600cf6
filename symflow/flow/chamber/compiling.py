"""Decorators for the inner loop: numba where it is installed, plain Python where it is not.

The functions under them are written in the part of Python that both understand, so that the results are the same.
numba renews what it keeps on disk when the file of a function changes, not when that of a function it calls does: after
an edit remove ``__pycache__/*.nb*`` here.

``bundled`` is for named tuples of arrays, which numba would hand over array by array (``bundles``). Numbers that stand
in a call are numbers like others: numba would compile ``f(0)`` and ``f(i)`` apart.

``lean`` is for what runs at every event. numba counts references to each array that passes through a function, with an
atomic addition for each; the state is two dozen arrays, and the counting took as long as the arithmetic. A lean
function borrows all its arrays: it does not count, and therefore may not make arrays, nor assign one slice to another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])
Tuple = TypeVar("Tuple", bound=tuple[Any, ...])

try:
    import numba
except ImportError:  # the extra "flow" is not installed: the same functions run interpreted
    COMPILED = False
else:
    COMPILED = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]  # set at run time


def bundled(kind: type[Tuple]) -> type[Tuple]:
    """Named tuples of arrays that compiled functions take by one address."""
    if COMPILED:
        from symflow.flow.chamber.bundles import take_as_bundle

        take_as_bundle(kind)
    return kind


def compiled(function: Function) -> Function:
    """The function, compiled at its first call and cached on disk; unchanged without numba."""
    return _compiled(function, counting=True)  # said outright: what a lean function calls would do as it does


def lean(function: Function) -> Function:
    """The same for a function that makes no arrays."""
    return _compiled(function, counting=False)


def _compiled(function: Function, *, counting: bool) -> Function:
    if not COMPILED:
        return function
    options: dict[str, Any] = {"cache": True, "error_model": "numpy", "_nrt": counting, "no_cfunc_wrapper": True}
    dispatcher = numba.njit(**options)(function)
    template = dispatcher.get_call_template

    def for_any_number(arguments: Any, keywords: Any) -> Any:
        return template(tuple(map(numba.types.unliteral, arguments)), keywords)

    dispatcher.get_call_template = for_any_number
    return cast(Function, dispatcher)
