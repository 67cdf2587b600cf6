"""Training of the original network: gradient flow and gradient descent of its layers (W_ℓ, b_ℓ) (theory F5, F6).

The effective equations are gradient flows in the cumulative parameters (W^(ℓ), β_ℓ). A network is trained in its
layers, and the image of that flow is a preconditioned version of the effective one: the same walls, the same rest
points, another path. Here both are integrated from one start, to be looked at side by side.

    systems        what is integrated: velocity, preactivations and their rates, for given activation patterns
    original       the layers: backpropagation
    effective      the cumulative parameters: theory B2, B7, B8, B9
    integration    a Runge-Kutta method of order 8 between walls; at walls it crosses or slides
    sliding        the masks that keep a datum on its wall
    descent        gradient descent, and its distance from the flow
    trajectories   what is returned
"""

from symflow.flow.layered.descent import DiscretisationErrors, discretisation_errors
from symflow.flow.layered.flows import layered_flow
from symflow.flow.layered.trajectories import LayeredTrajectory, WallEvent

__all__ = ["DiscretisationErrors", "LayeredTrajectory", "WallEvent", "discretisation_errors", "layered_flow"]
