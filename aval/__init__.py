"""Credit decisions that can be defended."""
