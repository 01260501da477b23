"""Dossiers become one row of named features per application."""
