"""A country in a box, made from a seed."""
