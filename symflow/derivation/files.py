"""Derivation files: Python files that build :class:`~symflow.derivation.Derivation` objects at module level.

They are programs and are run, unlike claims files: check those of people you would run a program of.
"""

from __future__ import annotations

import runpy
import sys
import traceback
from contextlib import redirect_stdout
from pathlib import Path

from symflow.derivation.borrowing import folder_of
from symflow.derivation.writing import Derivation
from symflow.errors import ClaimError, SymflowError


def load(path: str | Path) -> list[Derivation]:
    """Run a derivation file and return its derivations, in the order of definition.

    Raises ClaimError where the file cannot be read, fails, or holds no derivation; the message says at which line.
    """
    file = Path(path)
    try:
        with folder_of(file), redirect_stdout(sys.stderr):  # what a file prints is no part of a report
            names = runpy.run_path(str(file), run_name=f"derivation:{file.stem}")
    except SymflowError as error:
        raise ClaimError(f"{file}{_line_in(error, file)}: {error}") from error
    except SystemExit as error:
        raise ClaimError(f"{file}{_line_in(error, file)}: the file ends the program (sys.exit)") from error
    except SyntaxError as error:
        elsewhere = f" (in {error.filename})" if error.filename not in (None, str(file)) else ""
        line = f", line {error.lineno}" if error.lineno and not elsewhere else _line_in(error, file)
        raise ClaimError(f"{file}{line}: {error.msg}{elsewhere}") from error
    except OSError as error:
        line = _line_in(error, file)
        problem = error.strerror if error.filename == str(file) and not line else error
        raise ClaimError(f"{file}{line}: {problem}") from error
    except Exception as error:  # the file is a program of its author: whatever it raises is reported with its line
        raise ClaimError(f"{file}{_line_in(error, file)}: {type(error).__name__}: {error}") from error
    found = list({id(value): value for value in names.values() if isinstance(value, Derivation)}.values())
    if not found:
        raise ClaimError(f"{file}: no derivation in it; write d = Derivation(…) at the top level of the file")
    for derivation in found:
        derivation.file = str(file)
    return found


def _line_in(error: BaseException, file: Path) -> str:
    """As ``, line 7``: the last line of the file that the error passed through, if it passed through any."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f", line {lines[-1]}" if lines and lines[-1] is not None else ""
