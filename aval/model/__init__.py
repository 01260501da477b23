"""Rows become a judged, registered model."""
