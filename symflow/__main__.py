"""``python -m symflow`` is the command ``symflow``.

An interrupt is answered in one line from the first import on; once all is written it changes nothing any more.
"""

from __future__ import annotations

import sys


def run() -> int:
    """The command line as a program of its own."""
    try:
        from symflow.cli import main

        status = main()
    except KeyboardInterrupt:
        print("symflow: interrupted", file=sys.stderr)  # noqa: T201  # before the command line is there
        status = 130
    _deaf()
    return status


def _deaf() -> None:
    """Ignore the interrupt key while the interpreter takes itself down: it would complain, with the work done."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # CPython remembers an interrupt inside the execution of a text, such as namedtuple's, although it was caught, and
    # would kill itself by the signal in the end; the next text that it executes makes it forget.
    exec("")  # noqa: S102


if __name__ == "__main__":
    sys.exit(run())
