"""Flows beside general programs, in one run: times as ratios, and the error of each against mpmath.

    python benchmarks/flows.py [--quick] [--seconds S] [--only separated|chamber|certified|growth|gradients]

- separated: one threshold past N data, against a sort, SciPy, diffrax, heyoka and gradient descent;
- chamber: all biases of L layers across walls and along them, against SciPy, diffrax and heyoka;
- certified: what certificates of chamber flows cost;
- growth: how the time and the memory of symflow grow with N, Q and L;
- gradients: closed formulas against jax.jit(jax.grad) and torch.

Every peer runs in a process of its own in turns with symflow, on one thread; a ratio is the median of its CPU times
over the median of symflow's in the same process. Compiling is not counted. A peer whose first turn takes more than
S seconds gets a dash, and one that is not installed is left out with a line that says so.
Exit status 1: symflow's own error is above what it states. No time is asserted.
"""

from __future__ import annotations

import argparse
import sys

from peers import missing, one_thread

one_thread()

import tables  # noqa: E402 - NumPy reads the number of threads when it is imported

TABLES = {
    "separated": tables.separated,
    "chamber": tables.chamber,
    "certified": tables.certified,
    "growth": tables.growth,
    "gradients": tables.gradients,
}


def main() -> int:
    """Print the tables; 1 if symflow is less exact than it says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="small sizes and few peers")
    parser.add_argument("--seconds", type=float, help="cap for each peer, CPU time (default: 10; 4 with --quick)")
    parser.add_argument("--only", choices=TABLES, help="one table")
    options = parser.parse_args()
    for name in missing():
        print(f"{name} is not installed: its rows are left out")
    seconds = options.seconds or (4.0 if options.quick else 10.0)
    failed = []
    for name, table in TABLES.items():
        if options.only in {None, name}:
            print()
            failed += table(options.quick, seconds)
    for line in failed:
        print(f"FAILED: {line}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
