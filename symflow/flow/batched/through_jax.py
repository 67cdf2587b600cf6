"""JAX, where it is installed, with 64-bit numbers inside the calls only: the switch of the whole program stays alone.

Nothing here names a device: arrays go where JAX puts them, which is the GPU where it finds one, unless the caller says
``with jax.default_device(…)``.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import FunctionType
from typing import Any, cast

from symflow.errors import UnsupportedError


def installed_jax() -> Any:
    """The module ``jax``. Raises UnsupportedError where it cannot be imported."""
    try:
        return import_module("jax")
    except ImportError as problem:
        raise UnsupportedError(
            f'this runs on JAX, which cannot be imported ({problem}): pip install "symflow[jax]"'
        ) from None


def in_float64(jax: Any) -> Any:
    """A context with 64-bit numbers; it has moved between JAX's versions."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    return import_module("jax.experimental").enable_x64(True)


def require_float64(jax: Any) -> None:
    """Raise UnsupportedError where JAX computes with 32 bits."""
    if not jax.config.jax_enable_x64:
        raise UnsupportedError(
            "JAX computes with 32 bits here and flows need 64: begin with "
            'jax.config.update("jax_enable_x64", True), or call inside "with jax.enable_x64(True):"'
        )


def in_library(function: Callable[..., Any], library: Any) -> Callable[..., Any]:
    """A NumPy function of ``symflow.flow.equations`` with another module, such as jax.numpy, for what it calls ``np``.

    >>> from symflow.flow.equations.batched_turns import B4_layer
    >>> import numpy
    >>> in_library(B4_layer, numpy)(u=numpy.eye(2), H=numpy.eye(2), v=numpy.ones((2, 2))).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    plain = cast(FunctionType, function)
    return FunctionType(plain.__code__, {**plain.__globals__, "np": library}, plain.__name__)
