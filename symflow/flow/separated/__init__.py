"""Flow of the biases where every layer truncates its own cluster and no other (theory C2-C9).

    q̇_k = F_k(q_k)(q*_k − q_k),     q = −Rβ,     q* = Rỹ

F_k is the distribution function of the data in direction k. ``separated_flow`` takes data points and needs one sort
for the whole trajectory, which is then exact up to rounding; ``population_flow`` takes distributions instead.
"""

from symflow.flow.separated.directions import Direction, Kind
from symflow.flow.separated.population import PopulationTrajectory, population_flow
from symflow.flow.separated.trajectories import SeparatedTrajectory, separated_flow

__all__ = ["Direction", "Kind", "PopulationTrajectory", "SeparatedTrajectory", "population_flow", "separated_flow"]
