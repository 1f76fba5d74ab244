"""Tables of identifier schemes: data with example and source."""
