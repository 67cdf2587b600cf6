"""``python -m tests.mutation``: the campaign from a shell.

Without options a sample of the mutants of every sample claim and every derivation; with ``--deep`` all of them, on
both sides, and a sample of those of the project's own vectors. Exit status 1 where a proved mutant is not established
to be true.
"""

from __future__ import annotations

import argparse
import sys
from itertools import chain

from tests.mutation.campaign import Tally, run
from tests.mutation.statements import derivations, samples, vectors


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--deep", action="store_true", help="all mutants, of both sides; and some of the vectors'")
    parser.add_argument("--every", type=int, default=12, metavar="N", help="each N-th mutant only (12)")
    parser.add_argument("-k", default="", metavar="SELECT", help="only statements whose name contains this")
    options = parser.parse_args(arguments)
    sides = ("lhs", "rhs")
    own = [s for s in chain(samples(), derivations()) if options.k in s.name]
    failed = report("claims and derivations", run(own, sides, 1 if options.deep else options.every))
    others = [s for s in vectors() if options.k in s.name]
    if options.deep and others:
        failed |= report("vectors", run(others, sides, options.every))
    return int(failed)


def report(title: str, tally: Tally) -> bool:
    """Print a tally; whether there are failures."""
    print(f"\n{title}: {tally.seconds:.0f} s; slowest {tally.slowest[0]:.1f} s: {tally.slowest[1]}\n")
    print(tally.table())
    for status, headline in (("proved", "true by accident, and how that is established"), ("undecided", "undecided")):
        findings = [f for f in tally.findings if f.status == status and not f.failure]
        if findings:
            print(f"\n{headline}:")
            print("\n".join(map(str, findings)))
    if tally.failures:
        print("\nFAILURES: a certificate and a referee disagree")
        print("\n".join(map(str, tally.failures)))
    return bool(tally.failures)


if __name__ == "__main__":
    sys.exit(main())
