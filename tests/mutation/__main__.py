"""``python -m tests.mutation``: the campaign from a shell.

Without options a sample of the mutants of every sample claim and of every statement of the derivations; with
``--deep`` all of them, on both sides, and a sample of those of the project's own vectors. Exit status 1 where a proved
mutant is not established to be true.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from itertools import chain

from tests.mutation.campaign import Tally, run
from tests.mutation.planting import plant
from tests.mutation.statements import Statement, derivations, samples, vectors

SIDES = ("lhs", "rhs")


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--deep", action="store_true", help="all mutants, of both sides; and some of the vectors'")
    parser.add_argument("--every", type=int, default=12, metavar="N", help="each N-th mutant only (12)")
    parser.add_argument("--least", type=int, default=4, metavar="N", help="but so many of every statement (4)")
    parser.add_argument("-k", default="", metavar="SELECT", help="only statements whose name contains this")
    options = parser.parse_args(arguments)
    own = [s for s in chain(samples(), derivations()) if options.k in s.name]
    every = 1 if options.deep else options.every
    failed = report("claims and derivations", survey(own, every, options.least))
    others = [s for s in vectors() if options.k in s.name]
    if options.deep and others:
        failed |= report("vectors", survey(others, options.every, options.least))
    return int(failed)


def survey(statements: Iterable[Statement], every: int, least: int) -> Tally:
    """Each ``every``-th mutant, but at least so many of every statement that has them; progress to stderr."""
    tally = Tally()
    for statement in statements:
        planted = len(plant(statement, SIDES))
        step = max(1, min(every, planted // least))
        found = run([statement], SIDES, step, first=len(statement.name))
        tally.add(found)
        print(f"{statement.name}: {sum(found.counts.values())} of {planted}, {found.seconds:.1f} s", file=sys.stderr)
    return tally


def report(title: str, tally: Tally) -> bool:
    """Print a tally; whether there are failures."""
    print(f"\n{title}: {tally.seconds:.0f} s; slowest {tally.slowest[0]:.1f} s: {tally.slowest[1]}\n")
    print(tally.table())
    print(f"\n{tally.table_of_files()}")
    print("\nproved, and true according to:")
    for referees, count in tally.established.most_common():
        print(f"{count:>9}  {referees}")
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
