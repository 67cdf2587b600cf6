"""A2. The network is its cumulative affine map after the truncation maps of its layers, at every depth.

Source: arXiv:2501.07400 (cumulative parameters and truncation maps); theory A1, A2.
Hypotheses: the weights W of all layers are invertible; one data point x, kinks included. By induction over the
layers: the states are the cumulative weight A = W^(l) and bias c = b^(l), the hidden state h = x^(l) of the network,
and the truncated point z = z_l.
"""

from symflow import Derivation, I, inv, relu, zeros

d = Derivation("A network is a composition of truncation maps", source="arXiv:2501.07400; theory A2")
Q = d.dim("Q")
x = d.vector("x", Q)

layers = d.recursion()
layers.parameter("W", d.invertible("W", Q))
layers.parameter("b", d.vector("b", Q))
layers.state("A", d.invertible("A", Q), start=I(Q), following=lambda s: s.W @ s.A)
layers.state("c", d.vector("c", Q), start=zeros(Q), following=lambda s: s.W @ s.c + s.b)
layers.state("h", d.vector("h", Q), start=x, following=lambda s: relu(s.W @ s.h + s.b))
layers.state(
    "z", d.vector("z", Q), start=x, following=lambda s: inv(s.A_next) @ (relu(s.A_next @ s.z + s.c_next) - s.c_next)
)
d.induction("A2", layers, lambda s: s.h == s.A @ s.z + s.c, title="x^(l) = a^(l)(z_l)")
