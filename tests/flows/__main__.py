"""``python -m tests.flows``: random chamber flows by the hundred, every one of them checked.

For each depth 500 instances of 200 data in R³, up to t = 20, and beside them small ones of 12 data in R², up to t = 4,
all of which are compared with smoothed networks, as is one large instance for every ten small ones. Exit status 1 where
anything is silently wrong: see ``campaign``.
"""

from __future__ import annotations

import argparse
import sys

from tests.flows.campaign import Instance, judge_all
from tests.flows.table import Tally, table

SHOWN = 50  # progress to stderr once in so many


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.flows", description=__doc__)
    parser.add_argument("--instances", type=int, default=500, metavar="N", help="of each depth (500)")
    parser.add_argument("--layers", type=int, nargs="+", default=[2, 3], metavar="L", help="depths (2 3)")
    parser.add_argument("--data", type=int, default=200, metavar="N", help="data of an instance (200)")
    parser.add_argument("--smoothed", type=int, default=50, metavar="M", help="small instances of each depth (50)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="seed of the first instance (0)")
    parser.add_argument("--jobs", type=int, default=1, metavar="J", help="processes (1)")
    options = parser.parse_args(arguments)
    seeds = range(options.first, options.first + options.instances)
    few = range(options.first, options.first + options.smoothed)
    tallies = []
    for L in options.layers:
        large = [Instance(s, L, options.data, smoothed=s < options.first + options.smoothed // 10) for s in seeds]
        small = [Instance(s, L, N=12, Q=2, horizon=4.0, smoothed=True) for s in few]
        tallies.append(survey(f"L = {L}, N = {options.data}", large, options.jobs))
        tallies.append(survey(f"L = {L}, N = 12", small, options.jobs))
    tallies = [tally for tally in tallies if tally.judged]
    print(table(tallies))
    for tally in tallies:
        if tally.verdicts:
            print(f"\n{tally.title}, verdicts:")
            print("\n".join(map(str, tally.verdicts)))
    wrong = [found for tally in tallies for found in tally.wrong]
    if wrong:
        print("\nWRONG:")
        print("\n".join(map(str, wrong)))
    return int(bool(wrong))


def survey(title: str, instances: list[Instance], jobs: int) -> Tally:
    """Judge instances of one kind; progress to stderr."""
    tally = Tally(title)
    for found in judge_all(instances, jobs):
        tally.judged.append(found)
        if found.wrong:
            print(found, file=sys.stderr)
        if len(tally.judged) % SHOWN == 0:
            print(f"{title}: {len(tally.judged)} of {len(instances)}", file=sys.stderr, flush=True)
    return tally


if __name__ == "__main__":
    sys.exit(main())
