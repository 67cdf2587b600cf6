"""The commands of ``symflow`` and their arguments.

Only the standard library is imported before the arguments are understood, so that ``--version`` and ``--help``
answer at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from symflow.cli.flow_options import add_flow
from symflow.cli.option_values import jobs, seconds
from symflow.cli.statuses import BROKEN_PIPE, EXPLAINED, INTERRUPTED, MALFORMED

if TYPE_CHECKING:
    from symflow.claims.outcomes import Decide


def main(arguments: Sequence[str] | None = None, *, decide: Decide | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        arguments: those of the process unless given.
        decide: the prover for claims; :func:`symflow.proof.decide` unless given.
    """
    from symflow.errors import SymflowError

    options = _options(arguments)
    _never_fail_to_print()
    try:
        status = _run(options, decide)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Whoever read the output has gone. The interpreter flushes once more at its end: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        print("symflow: interrupted", file=sys.stderr)
        return INTERRUPTED
    except SymflowError as error:
        print(f"symflow {options.command}: {error}", file=sys.stderr)
        return MALFORMED


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments, understood; what is left over is reported with the usage of the command that it was given to."""
    parser, commands = _parser()
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        commands.choices[options.command].error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def _run(options: argparse.Namespace, decide: Decide | None) -> int:
    if options.command == "check":
        from symflow.cli.checking import check

        return check(options, decide)
    if options.command == "latex":
        from symflow.cli.typesetting import latex

        return latex(options)
    if options.command == "graph":
        from symflow.cli.graphing import graph

        return graph(options)
    if options.command == "flow":
        from symflow.cli.flowing import flow

        return flow(options)
    if options.command == "code":
        from symflow.cli.coding import code

        return code(options)
    from symflow.cli.single import grad, prove

    return prove(options, decide) if options.command == "prove" else grad(options)


def _never_fail_to_print() -> None:
    """A title that the terminal's encoding lacks is shown escaped."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _parser() -> tuple[argparse.ArgumentParser, argparse._SubParsersAction[argparse.ArgumentParser]]:
    from symflow import __version__

    parser = argparse.ArgumentParser(
        prog="symflow", description="Prove or refute matrix identities and gradients, in every dimension.",
        epilog=EXPLAINED, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"symflow {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_check(commands)
    _add_prove(commands)
    _add_grad(commands)
    _add_latex(commands)
    _add_graph(commands)
    _add_code(commands)
    add_flow(commands)
    return parser, commands


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser(
        "check", help="check claims files, derivation files and folders of them",
        description="Check claims files (*.toml), derivation files (*.py, which are run) and folders of both.",
        epilog=EXPLAINED, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    check.add_argument("paths", nargs="+", metavar="PATH", help="a claims file, a derivation file or a folder")
    _add_common(check)
    check.add_argument(
        "--jobs", type=jobs, metavar="N",
        help="processes at once (default: 1 for claims, one for each processor for several derivation files)",
    )  # fmt: skip
    check.add_argument(
        "-k", dest="select", metavar="SELECT",
        help="only claims whose id or title contains this; words may be joined with and, or, not",
    )  # fmt: skip
    check.add_argument(
        "--no-confirm", dest="confirm", action="store_false",
        help="prove only, without comparing with derivatives of the original network",
    )  # fmt: skip
    check.add_argument(
        "--deep", action="store_true",
        help="confirm derivations on many more networks, data, sizes and points (minutes)",
    )  # fmt: skip


def _add_prove(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    prove = commands.add_parser(
        "prove", help="prove or refute one statement", description="Prove or refute one statement, e1 == e2.",
        epilog=EXPLAINED, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    prove.add_argument("statement", metavar="STATEMENT", help='such as "tr(A@B) == tr(B@A)"')
    _add_let(prove)
    _add_common(prove)


def _add_grad(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    grad = commands.add_parser(
        "grad", help="print the gradient of a scalar", description="Print the simplified gradient of a scalar."
    )
    grad.add_argument("expression", metavar="EXPR", help='such as "sqnorm(A@x - b)/2"')
    grad.add_argument("--wrt", required=True, metavar="X", help="the symbol to differentiate by")
    _add_let(grad)
    grad.add_argument(
        "--as", dest="form", choices=("unicode", "latex", "numpy", "claims"), default="unicode",
        help="how to write it (default: unicode)",
    )  # fmt: skip


def _add_latex(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    latex = commands.add_parser(
        "latex", help="write derivations as a LaTeX document",
        description="Check derivation files (*.py, which are run) and write them as a LaTeX document.",
        epilog=EXPLAINED, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    latex.add_argument("paths", nargs="+", metavar="PATH", help="a derivation file or a folder")
    latex.add_argument("-o", dest="output", metavar="FILE.tex", help="where to write it (default: standard output)")
    latex.add_argument(
        "--equations", nargs="+", metavar="LABEL", help="only these statements, as equations to be put into a paper"
    )
    latex.add_argument(
        "--macros", metavar="FILE",
        help="write the notation to this file; macros that the file has already are left as they are",
    )  # fmt: skip
    latex.add_argument("--pdf", action="store_true", help="run latexmk or pdflatex on it")
    latex.add_argument("--bib", metavar="FILE.bib", help="write what the document cites to this BibTeX file")
    latex.add_argument("--title", default="Checked derivations", help="title of the document")
    latex.add_argument("--no-check", dest="check", action="store_false", help="prove nothing, only write")
    latex.add_argument(
        "--no-confirm", dest="confirm", action="store_false",
        help="prove only, without comparing with derivatives of the original network",
    )  # fmt: skip
    latex.add_argument(
        "--timeout", type=seconds, default=20.0, metavar="SECONDS", help="time limit of each claim (default: 20)"
    )


def _add_graph(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    graph = commands.add_parser(
        "graph", help="draw what rests on what",
        description="Check derivation files (*.py, which are run) and draw which statements their proofs rest on.",
        epilog=EXPLAINED, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    graph.add_argument("paths", nargs="+", metavar="PATH", help="a derivation file or a folder")
    graph.add_argument(
        "-o", dest="output", metavar="FILE", help="a file .svg, .dot or .mmd (default: Mermaid to standard output)"
    )
    graph.add_argument("--format", choices=("svg", "dot", "mermaid"), help="what to write, whatever the file is called")
    graph.add_argument("--no-check", dest="check", action="store_false", help="prove nothing, only draw")
    graph.add_argument(
        "--timeout", type=seconds, default=20.0, metavar="SECONDS", help="time limit of each claim (default: 20)"
    )


def _add_code(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    code = commands.add_parser(
        "code", help="write what is proved as Python functions",
        description="Prove a derivation file (*.py, which is run) and write right sides of it as a Python module.",
        epilog=EXPLAINED, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    code.add_argument("path", metavar="FILE", help="a derivation file")
    code.add_argument(
        "labels", nargs="*", metavar="LABEL", help="the statements (default: all that are proved and have code)"
    )
    code.add_argument("-o", dest="output", metavar="OUT.py", help="where to write it (default: standard output)")
    code.add_argument(
        "--as", dest="form", choices=("loops", "numpy"), default="loops",
        help="loops over plain arrays, for numba, or NumPy functions, batched over the data (default: loops)",
    )  # fmt: skip
    code.add_argument("--no-weights", dest="weighted", action="store_false", help="all data have weight 1")
    code.add_argument(
        "--selected", action="store_true", help="in loops: sums over the data whose numbers the argument places has"
    )
    code.add_argument(
        "--timeout", type=seconds, default=20.0, metavar="SECONDS", help="time limit of each claim (default: 20)"
    )


def _add_let(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--let", action="append", default=[], metavar='"A: matrix(n, m)"',
        help="declare a symbol; may be repeated, or give several separated by ;",
    )  # fmt: skip


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    command.add_argument(
        "--timeout", type=seconds, default=20.0, metavar="SECONDS", help="time limit of each claim (default: 20)"
    )
