"""What a warehouse holds, for people: a page of findings, then every column, gap, history and segment by outcome."""

from aval.data.profile.facts import Profile
from aval.data.profile.report import write
from aval.data.profile.survey import summary

__all__ = ["Profile", "summary", "write"]
