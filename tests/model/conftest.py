"""The laws of the model's arithmetic are tried alike on every machine."""

from hypothesis import settings

# A deadline would fail a test for its neighbours' work, a fresh seed for nobody's.
settings.register_profile("model", max_examples=100, deadline=None, derandomize=True)
settings.load_profile("model")
