"""What the flows are measured against: adapters that give every program the same problem and the same few wishes.

An adapter is a function of a problem that imports its program, builds and compiles what can be built before, and
returns the work that is timed. It runs in a process of its own, so that no program meets the threads of another.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

# From whom a user can get them is in the extra `benchmark`; without them their rows are left out.
OPTIONAL = ("diffrax", "heyoka", "jax", "torch")
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_ENABLE_X64": "1",
    "JAX_PLATFORMS": "cpu",
}


def missing() -> list[str]:
    """Programs that are not installed."""
    return [name for name in OPTIONAL if find_spec(name) is None]


def one_thread() -> None:
    """One thread for every program that starts after this call; read when they are imported, NumPy among them."""
    os.environ.update(ONE_THREAD)
