"""The decision log: what was decided, for whom, on what and why; appended, chained, sealed."""
