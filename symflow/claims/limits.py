"""Bounds on what a claims file may ask for, so that a file from a stranger costs a bounded amount of work.

Each is far above what mathematics written by hand needs, and each is named in the message that it causes.
"""

from __future__ import annotations

MAX_STATEMENT = 20_000  # characters of one statement
MAX_NESTING = 100  # parentheses and brackets open at once
MAX_DEPTH = 100  # levels of the tree; a long sum is one level
MAX_TERMS = 2_500  # binary operators in one chain; Python's parser gives up at 3,000
MAX_NODES = 10_000  # nodes of the tree
MAX_NAME = 64  # characters of a name
MAX_DIGITS = 200  # characters of a number
MAX_SCALE = 300  # decimal exponent of a number, 1e300
MAX_DIMENSION = 10_000  # a dimension given as a number
MAX_KIND = 500  # characters of the kind of a symbol

MAX_FILE = 2_000_000  # bytes
MAX_CLAIMS = 10_000  # claims of a file
MAX_SYMBOLS = 1_000  # symbols of a file, or of a claim
MAX_DOTS = 8  # dots outside strings on one line of a file; reading a dotted key takes quadratic time
MAX_BRACKETS = 64  # brackets and braces outside strings, open at once
MAX_TITLE = 2_000  # characters of a title or source
MAX_ID = 200  # characters of an id
