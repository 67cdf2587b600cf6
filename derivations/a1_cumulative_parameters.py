"""A1. Composing affine layers gives the cumulative weight and bias, at every depth.

Source: arXiv:2501.07400 (cumulative parameters); theory A1.
Hypotheses: none. By induction over the layers: A and c are the cumulative weight and bias, u is the image of x under
the layers without activations. Then the part of the cumulative bias that comes from the bias of one layer k, from the
layers after k on.
"""

from symflow import Derivation, I, zeros

d = Derivation("Cumulative weights and biases", source="arXiv:2501.07400; theory A1")
Q = d.dim("Q")
x, bk, before = d.vector("x", Q), d.vector("b_k", Q), d.vector("v", Q)

layers = d.recursion()
layers.parameter("W", d.matrix("W", Q))
layers.parameter("b", d.vector("b", Q))
layers.state("A", d.matrix("A", Q), start=I(Q), following=lambda s: s.W @ s.A)
layers.state("c", d.vector("c", Q), start=zeros(Q), following=lambda s: s.W @ s.c + s.b)
layers.state("u", d.vector("u", Q), start=x, following=lambda s: s.W @ s.u + s.b)
d.induction("A1", layers, lambda s: s.u == s.A @ x + s.c, title="the composition is x -> W^(l) x + b^(l)")

after = d.recursion()
after.parameter("W", d.matrix("W", Q))
after.parameter("b", d.vector("b", Q))
after.state("T", d.matrix("T", Q), start=I(Q), following=lambda s: s.W @ s.T)
after.state("rest", d.vector("r", Q), start=before, following=lambda s: s.W @ s.rest + s.b)
after.state("c", d.vector("c", Q), start=before + bk, following=lambda s: s.W @ s.c + s.b)
d.induction("A1.sum", after, lambda s: s.c == s.T @ bk + s.rest, title="b_k enters b^(l) as W_l ... W_{k+1} b_k")
