"""The tables of ``flows.py``: functions of (quick, seconds) that print one each and return what failed."""

from tables.certified import certified
from tables.chamber import chamber
from tables.gradients import gradients
from tables.growth import growth
from tables.separated import separated

__all__ = ["certified", "chamber", "gradients", "growth", "separated"]
