"""``python -m symflow`` is the command ``symflow``."""

from __future__ import annotations

import sys

from symflow.cli import main

if __name__ == "__main__":
    sys.exit(main())
