"""The arguments of ``symflow flow``."""

from __future__ import annotations

import argparse

from symflow.cli.option_values import layers, positive, samples, seed

EXIT_STATUS = """\
exit status:
    0  the flow reached the time that was asked for
    2  wrong usage, or data that cannot be read
    3  it ended earlier, and said why; what there is of it is written
  130  it was interrupted; no file is left that is not whole
"""


def add_flow(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The parser of the command, beside those of the others."""
    flow = commands.add_parser(
        "flow", help="integrate a flow from data, and draw it",
        description="Integrate a flow of cumulative biases, of rotations too, or of the layers of the network itself.",
        epilog=EXIT_STATUS, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    flow.add_argument("flow", choices=("separated", "chamber", "rotation", "layered"), help="which flow")
    flow.add_argument(
        "--data", required=True, metavar="DATA",
        help="a file .csv or .npz, or one of iris, wine, digits (standardised)",
    )  # fmt: skip
    flow.add_argument("-o", dest="output", required=True, metavar="FILE", help="where to write the trajectory")
    flow.add_argument("--format", choices=("npz", "csv"), help="what to write (default: by the ending, else npz)")
    _add_start(flow)
    flow.add_argument("--t-max", type=positive, default=10.0, metavar="T", help="time to reach (default: 10)")
    flow.add_argument("--samples", type=samples, default=201, metavar="N", help="times to write (default: 201)")
    flow.add_argument("--cost", choices=("input", "standard"), default="input", help="of the layered flow")
    flow.add_argument(
        "--step", type=positive, metavar="ETA", help="gradient descent with this step instead of the layered flow"
    )
    flow.add_argument("--pictures", metavar="DIR", help="draw pictures into this folder (needs the extra plot)")
    flow.add_argument(
        "--no-animation", dest="animate", action="store_false", help="with --pictures: still pictures only"
    )


def _add_start(flow: argparse.ArgumentParser) -> None:
    flow.add_argument(
        "--labels",
        choices=("last", "none"),
        default="last",
        help="of a CSV file: in the last column (default), or none",
    )
    flow.add_argument("--classes", metavar="A,B", help="only these classes, in this order (default: all)")
    flow.add_argument("--features", metavar="I,J", help="only these columns, counted from 0 (default: all)")
    flow.add_argument(
        "--target",
        metavar='"1,0;0,1"',
        help="targets in input space, one row a class (default: one-hot); --target=-1,0 where a minus comes first",
    )
    flow.add_argument(
        "--bias", default="mean", metavar='mean|random|"1,0;0,1"',
        help="cumulative biases at the start: minus the mean of a layer's class (default), random, or one row a layer",
    )  # fmt: skip
    flow.add_argument(
        "--rotation", choices=("towards", "identity", "random"), default="towards",
        help="the cone of a layer opens towards the other classes (default), along the axes, or at random",
    )  # fmt: skip
    flow.add_argument("--layers", type=layers, metavar="L", help="truncation maps (default: one for each class)")
    flow.add_argument("--seed", type=seed, default=0, metavar="S", help="for what is random (default: 0)")
