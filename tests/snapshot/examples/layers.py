"""Layers: a product of rotations is a rotation, at every depth.

Source: arXiv:2501.07400; theory A9. With dC/db_l and W_l^-T, |x|^2 >= 0.
"""

from symflow import Derivation, I, sqnorm, zeros

d = Derivation("A product of rotations is a rotation", source="arXiv:2501.07400; theory A9")
Q = d.dim("Q")
layers = d.recursion()
layers.parameter("R", d.orthogonal("R", Q))
layers.parameter("b", d.vector("b", Q))
layers.state("P", d.matrix("P", Q), start=I(Q), following=lambda s: s.R @ s.P)
layers.state("z", d.vector("z", Q), start=zeros(Q), following=lambda s: s.P_next @ s.z + s.b)
d.induction("A9", layers, lambda s: s.P.T @ s.P == I(Q), title="P is orthogonal")

later = Derivation("Lengths", source="theory A9")
A, x, xtilde = later.matrix("A", Q), later.vector("x", Q), later.vector("xtilde", Q)
later.lemma("A9", of=d, values={d.statement("A9").induction.recursion.states[0].symbol: A})
later.claim("length", sqnorm(A @ x) == sqnorm(x), title="lengths are kept")
later.claim("young", 2 * x.T @ xtilde <= sqnorm(x) + sqnorm(xtilde), by=sqnorm(x - xtilde))
later.claim("false", A @ x == x, title="not so")
