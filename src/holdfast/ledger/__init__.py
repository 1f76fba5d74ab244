"""Transfers: what they are, how they are read from files, where they are kept."""
