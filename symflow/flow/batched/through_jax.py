"""JAX, where it is installed, with 64-bit numbers inside the calls only: the switch of the whole program stays alone.

Nothing here names a device: arrays go where JAX puts them, which is the GPU where it finds one, unless the caller says
``with jax.default_device(…)``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

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
