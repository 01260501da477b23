"""The words of a decision. Standard library only."""
