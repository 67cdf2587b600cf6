"""How much longer ``symflow --version`` and ``--help`` take than an interpreter that does nothing.

``python benchmarks/start_up.py [--runs N]``; the runs alternate, so that a busy moment of the machine meets all alike.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

TARGET = 5.0
COMMANDS = {
    "empty interpreter": ["-c", "pass"],
    "import symflow": ["-c", "import symflow"],
    "symflow --version": ["-m", "symflow", "--version"],
    "symflow --help": ["-m", "symflow", "--help"],
    "symflow check --help": ["-m", "symflow", "check", "--help"],
}


def main() -> int:
    """Print the ratios; the exit status is 1 where one is above the target."""
    parser = argparse.ArgumentParser(description="Start-up of symflow over that of an empty interpreter.")
    parser.add_argument("--runs", type=int, default=15, help="runs of each command (default: 15)")
    runs = parser.parse_args().runs
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs + 1):
        for name, command in COMMANDS.items():
            times[name].append(_seconds(command))
    medians = {name: statistics.median(found[1:]) for name, found in times.items()}  # the first run fills caches
    empty = medians["empty interpreter"]
    for name, median in medians.items():
        print(f"{name:<22} {median / empty:5.2f} ×  {1e3 * median:7.1f} ms")
    worst = max(medians.values()) / empty
    print(f"worst {worst:.2f} ×, target {TARGET:g} ×: {'met' if worst <= TARGET else 'MISSED'}")
    return int(worst > TARGET)


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
