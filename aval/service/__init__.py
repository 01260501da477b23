"""One application becomes a decision."""
