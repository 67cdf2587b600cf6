"""The arguments of ``symflow flow``."""

from __future__ import annotations

import argparse

from symflow.cli.option_values import layers, samples, seed, step, time, tolerance
from symflow.errors import ClaimError

FLOWS = ("separated", "chamber", "rotation", "general", "layered")
# Options that not every flow has, by their names in the namespace, and the flows that have them.
ONLY = {
    "output_bias": ("chamber",),
    "certify": ("chamber",),
    "rtol": ("rotation", "general", "layered"),
    "cost": ("layered",),
    "step": ("layered",),
}

EXIT_STATUS = """\
exit status:
    0  the flow reached the time that was asked for
    2  wrong usage, or data that cannot be read
    3  it ended earlier, and said why; what there is of it is written (nothing where --certify finds a fault)
  130  it was interrupted; no file is left that is not whole
"""


def add_flow(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The parser of the command, beside those of the others."""
    flow = commands.add_parser(
        "flow", help="integrate a flow from data, and draw it",
        description="Integrate a flow of cumulative biases (separated, chamber), of rotations too (rotation),\n"
        "of weights that need not be orthogonal (general), or of the layers of the network itself (layered).",
        epilog=EXIT_STATUS, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    flow.add_argument("flow", choices=FLOWS, help="which flow")
    flow.add_argument(
        "--data", required=True, metavar="DATA",
        help="a file .csv or .npz, or one of iris, wine, digits (standardised)",
    )  # fmt: skip
    flow.add_argument("-o", dest="output", required=True, metavar="FILE", help="where to write the trajectory")
    flow.add_argument("--format", choices=("npz", "csv"), help="what to write (default: by the ending, else npz)")
    _add_start(flow)
    flow.add_argument("--t-max", type=time, default=10.0, metavar="T", help="time to reach (default: 10)")
    flow.add_argument("--samples", type=samples, default=201, metavar="N", help="times to write (default: 201)")
    _add_particular(flow)
    flow.add_argument("--pictures", metavar="DIR", help="draw pictures into this folder (needs the extra plot)")
    flow.add_argument(
        "--no-animation", dest="animate", action="store_false", help="with --pictures: still pictures only"
    )


def _add_particular(flow: argparse.ArgumentParser) -> None:
    flow.add_argument(
        "--output-bias", choices=("frozen", "moving"), help="chamber: let the output bias flow too (default: frozen)"
    )
    flow.add_argument(
        "--certify", action="store_const", const=True,
        help="chamber: check the result from the points alone, and isolate its events in ball arithmetic (takes long)",
    )  # fmt: skip
    flow.add_argument(
        "--rtol",
        type=tolerance,
        metavar="E",
        help="rotation, general, layered: relative error of a step (default: 1e-9)",
    )
    flow.add_argument(
        "--cost", choices=("input", "standard"),
        help="layered: the cost in input space (default), or the standard one, of the outputs",
    )  # fmt: skip
    flow.add_argument("--step", type=step, metavar="ETA", help="layered: gradient descent with this step, not the flow")


def refuse_foreign(options: argparse.Namespace) -> None:
    """Raise ClaimError for an option that the chosen flow does not have."""
    for name, flows in ONLY.items():
        if getattr(options, name) is not None and options.flow not in flows:
            others = f"the {' and the '.join(flows)} flow" if len(flows) < 3 else ", ".join(flows)
            raise ClaimError(f"--{name.replace('_', '-')} is for {others}; the {options.flow} flow has no such option")
    if options.step is not None and options.rtol is not None:
        raise ClaimError("--rtol bounds the error of the layered flow; gradient descent, --step, has none to bound")


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
        "--rotation", default="towards", metavar="towards|identity|random|FILE",
        help="the cone of a layer opens towards the other classes (default), along the axes, or at random; or matrices "
        "from a file: .npy (L, Q, Q), or .csv with Q lines of Q numbers a layer; orthogonal but for the general flow",
    )  # fmt: skip
    flow.add_argument(
        "--weights", choices=("class", "equal"), default="class",
        help="weights of the data: 1/N_j in a class of N_j (default), or 1/N for all",
    )  # fmt: skip
    flow.add_argument("--layers", type=layers, metavar="L", help="truncation maps (default: one for each class)")
    flow.add_argument("--seed", type=seed, default=0, metavar="S", help="for what is random (default: 0)")
