"""The first run of a flow compiles its loop, once per installation: said on a terminal, where nothing moves meanwhile.

numba keeps what it compiled beside the sources, or in the user's folder where these cannot be written; each compiled
function knows its folder, and an index of it lies there (``NAME-LINE.*.nbi``) once it has been compiled.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

# The outermost compiled function of each flow that takes a minute and more.
LOOPS = {
    "chamber": ("symflow.flow.chamber.advancing", "advance"),
    "rotation": ("symflow.flow.rotation.kernels", "run_stages"),
    "general": ("symflow.flow.rotation.kernels", "run_stages"),
}


def announce_compiling(flow: str) -> None:
    """One line on stderr, if that is a terminal and the loop of the flow is not yet compiled."""
    if flow in LOOPS and sys.stderr.isatty() and not is_compiled(*LOOPS[flow]):
        print("compiling the inner loop, once per installation: a minute or two", file=sys.stderr)


def is_compiled(module: str, name: str) -> bool:
    """Whether numba has the function on disk; True where nothing is ever compiled, because numba is not installed."""
    function = getattr(import_module(module), name)
    if not hasattr(function, "stats"):
        return True
    line = function.py_func.__code__.co_firstlineno
    stem = Path(function.py_func.__code__.co_filename).stem
    return any(Path(function.stats.cache_path).glob(f"{stem}.{name}-{line}.*.nbi"))
