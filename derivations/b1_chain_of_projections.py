"""B1. In a chamber the derivative of z_L by z_l is the product P_L ... P_{l+1}, at every depth.

Source: arXiv:2501.07400; theory B1.
Hypotheses: a chamber: P = W^-1 H W of every layer is constant (any matrix will do here). The tangent v of z_k moves
by the differential of z_k -> P z_k - (1 - P) beta; J is the product of the P after layer l. By induction over the
layers after l.
"""

from symflow import Derivation, I, diff

d = Derivation("The chain rule through truncation maps", source="arXiv:2501.07400; theory B1")
Q = d.dim("Q")
z0, e = d.vector("z0", Q), d.vector("e", Q)

layers = d.recursion()
layers.parameter("P", d.idempotent("P", Q))
layers.parameter("beta", d.vector("beta", Q))
layers.state("J", d.matrix("J", Q), start=I(Q), following=lambda s: s.P @ s.J)
layers.state("z", d.vector("z", Q), start=z0, following=lambda s: s.P @ s.z - (I(Q) - s.P) @ s.beta)
layers.state("dz", d.vector("v", Q), start=e, following=lambda s: diff(s.P @ s.z - (I(Q) - s.P) @ s.beta, s.z, s.dz))
d.induction("B1", layers, lambda s: s.dz == s.J @ e, title="v_k = P_k ... P_{l+1} v_l")
