"""G1. Conserved by gradient flow of the layers of any network: the balance of each two neighbouring layers.

Source: the theory's open questions, what is conserved; beyond arXiv:2501.07400. For a diagonal S the balance of ReLU
networks is known (Du, Hu, Lee 2018), for S = 1 that of linear networks (Arora, Cohen, Hazan 2018).
Hypotheses: a chamber. Widths M, N, K of three neighbouring layers are arbitrary. The point h enters the layer W, b with
pattern H, and then the layer V, c; the layers after that make the output J a + q of its pre-activation a (G1.affine),
at any depth. The loss is any sum over the entries of the output, for each data point another one.

The balance is D = V^T V - W W^T - b b^T, and tr(S D) is conserved for every S that commutes with the patterns H_i of
the layer on all data points (G1.balance). Only these two layers need to move by gradient flow. Two cases, and between
them the entries of D that belong to two neurons with the same pattern on all data points:

- S diagonal commutes with every mask: the diagonal of D is conserved (G1.neurons), neuron by neuron: the squared norm
  of what leaves a neuron minus that of what enters it, bias included. The same D serves all chambers, and a field in
  Clarke's sense is a mean of fields of chambers: so it is conserved on walls and across them (G1.wall, where p is the
  gradient of the cost by the next pre-activation, on the one side and on the other). G1.relu and G1.leaky have the
  activation and its derivative instead of a mask.
- a layer that is not truncated, H = 1: all of D is conserved (G1.linear).

The reason is a symmetry: the network does not change if the layer is multiplied by a matrix that commutes with the
patterns, and the next one divided by it. V may be the output layer. Refuted, with the
counterexample that the checker found (and tests/property/test_what_layers_conserve.py asks for again), for one data
point with the squared distance to 0 for its loss:

- G1.balance for any symmetric S: widths 2, S and W the exchange of the coordinates, V = e1 e2^T, H = e1 e1^T, h = e2,
  c = e1, b = 0; S does not commute with H;
- G1.neurons for any activation f: widths 1, W = V = f = 1, b = c = h = 0; f is not positively homogeneous;
- the diagonal of V^T V - W W^T without b b^T.
"""

from symflow import Derivation, I, along, datasum, diagpart, grad, outer, relu, sqnorm, tr, zeros

SOURCE = "open questions of the theory; beyond arXiv:2501.07400"
after = Derivation("The layers after it", source=SOURCE)
Q = after.dim("Q")
first = after.vector("v", Q)
layers = after.recursion()
layers.parameter("W", after.matrix("W", Q))
layers.parameter("b", after.vector("b", Q))
layers.parameter("H", after.mask("H", Q))
layers.state("J", after.matrix("J", Q), start=I(Q), following=lambda s: s.W @ s.H @ s.J)
layers.state("r", after.vector("r", Q), start=zeros(Q), following=lambda s: s.W @ s.H @ s.r + s.b)
layers.state("a", after.vector("a", Q), start=first, following=lambda s: s.W @ s.H @ s.a + s.b)
after.induction(
    "G1.affine", layers, lambda s: s.a == s.J @ first + s.r, title="each pre-activation is affine in one before"
)

d = Derivation("The balance of neighbouring layers", source=SOURCE)
M, N, K, L = d.dim("M"), d.dim("N"), d.dim("K"), d.dim("L")
W, b, V, c = d.matrix("W", N, M), d.vector("b", N), d.matrix("V", K, N), d.vector("c", K)
h, H = d.vector("h", M, over="i"), d.mask("H", N, over="i")
J, q, v = d.matrix("J", L, K, over="i"), d.vector("q", L, over="i"), d.vector("v", L, over="i")
loss = d.function("phi")


def cost(state):
    """The cost as a function of the state after the layer: any loss of the output, weighted entry by entry."""
    return datasum(v.T @ loss(J @ (V @ state + c) + q), "i")


def flow(C):
    """Gradient flow of the two layers."""
    return {X: -grad(C, X) for X in (W, b, V)}


G, lam = d.mask("G", N, over="i"), d.scalar("lam")
D = d.define("D", V.T @ V - W @ W.T - outer(b))
C = d.define("C", cost(H @ (W @ h + b)))
d.claim("G1.neurons", along(diagpart(D), flow(C)) == zeros(N), title="the diagonal of the balance is conserved")
p, p_other = d.vector("p", K, over="i"), d.vector("p_other", K, over="i")
side = d.define("C_1", datasum(p.T @ (V @ H @ (W @ h + b) + c), "i"))
other = d.define("C_2", datasum(p_other.T @ (V @ G @ (W @ h + b) + c), "i"))
d.claim(
    "G1.wall",
    along(diagpart(D), {X: -lam * grad(side, X) - (1 - lam) * grad(other, X) for X in (W, b, V)}) == zeros(N),
    title="and along every mean of the fields of two chambers: crossing and sliding keep it",
)
R = d.define("C_relu", cost(relu(W @ h + b)))
d.claim("G1.relu", along(diagpart(D), flow(R)) == zeros(N), title="the same with relu and its derivative")
s = d.scalar("s")
leaky = d.define("C_leaky", cost(relu(W @ h + b) - s * relu(-(W @ h + b))))
d.claim("G1.leaky", along(diagpart(D), flow(leaky)) == zeros(N), title="the same for leaky ReLU of any slope")
linear = d.define("C_linear", cost(W @ h + b))
d.claim("G1.linear", along(D, flow(linear)) == zeros(N, N), title="without an activation all of it is conserved")
d.claim(
    "G1.norms",
    along(sqnorm(V) - sqnorm(W) - sqnorm(b), flow(C)) == 0,
    title="so the norms of the layers grow or shrink together",
)
S = d.matrix("S", N)
e = Derivation("The balance and the patterns", source=SOURCE)
e.define("C", C)
e.define("D", D)
e.assume(S @ H == H @ S)
e.claim("G1.balance", along(tr(S @ D), flow(C)) == 0, title="conserved with any S that commutes with the patterns")
