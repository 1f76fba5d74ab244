"""Staff, institutions, their keys and what these may do."""
