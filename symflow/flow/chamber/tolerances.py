"""What counts as roundoff in the event loop: the same numbers where it is compiled and where it is not."""

from __future__ import annotations

AT_WALL = 4e-13  # a preactivation below this share of the state is zero: walls this close are met together
FLAT_VALUE = 1e-12  # velocities below this share of their summands are roundoff
ROUNDOFF = 1.5e-14  # values of no summand above this share are roundoff even where they may decay to zero
TOUCH = 1e-12  # a wall that would be passed by less than this share of the state is not told from a touch
DEPENDENT = 1e-8  # squared distance of a normal of length about one from the span of others that is none
MANY = 7  # walls at one place: 3^7 choices
ONE_WALL = 1e-10  # walls whose gradients differ by less are one wall: they are both zero here
CLEAR = 1e-3  # share of the force at which a velocity leaves no doubt about its side
