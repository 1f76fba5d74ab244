"""Every verb of the centre, one a file."""
