"""A simulated lender: the published tables from stated mechanisms, with the true probability of default known."""

from aval.data.lender.drift import Drift
from aval.data.lender.simulation import Summary, simulate

__all__ = ["Drift", "Summary", "simulate"]
