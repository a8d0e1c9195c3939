"""Measurements of what matters, against the floor of the machine and against peers."""
