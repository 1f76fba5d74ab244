"""Words that every room shares: money, identifiers, errors, sentences."""
