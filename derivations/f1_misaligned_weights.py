"""F1. Weights that are not adapted: the gradient by the bias has a misalignment term, which vanishes with P - P^T.

Source: arXiv:2501.07400, open question on general weights; theory F1.
Hypotheses: a single layer in a chamber; P_i arbitrary idempotents (oblique projectors). On the norm: |M| is the
Frobenius norm.
"""

from symflow import Derivation, I, datasum, grad, sqnorm, tr

d = Derivation("The misalignment term", source="arXiv:2501.07400 (open question); theory F1")
Q = d.dim("Q")
P, S = d.idempotent("P", Q, over="i"), d.idempotent("S", Q)
x, y, b = d.vector("x", Q, over="i"), d.vector("y", Q, over="i"), d.vector("b", Q)

tau = d.define("tau", P @ (x + b) - b)
C = d.define("C", datasum(sqnorm(tau - y) / 2, "i"))
T = d.define("T", I(Q) - P)
d.claim(
    "F1",
    -grad(C, b) == -datasum(T.T @ (b + y), "i") + datasum(T.T @ P @ (x + b), "i"),
    title="truncation and misalignment",
    confirm={
        "gradient": "biases", "layer": 1, "sign": -1, "adapted": False,
        "symbols": {"P": ("projectors", 1), "x": "points", "y": "targets", "b": ("biases", 1)},
    },
)  # fmt: skip
d.claim(
    "F1.term",
    datasum(T.T @ P @ (x + b), "i") == datasum(T.T @ (P - P.T) @ (x + b), "i"),
    title="the misalignment term sees only P - P^T",
)
M = d.define("M", (I(Q) - S).T @ S)
d.claim(
    "F1.only-if",
    M - M.T == S - S.T,
    title="so M = (1 - P)^T P vanishes exactly if P is symmetric (if it is, F1.term says that M vanishes)",
)
d.claim("F1.size", sqnorm(S - S.T) == 2 * (sqnorm(S) - tr(S)), title="|P - P^T|^2 = 2 (|P|^2 - rank P)")
