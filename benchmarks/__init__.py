"""Measurements: one script a claim, ours beside its peers in one run, the same answers checked."""
