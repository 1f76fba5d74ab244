"""For people: pages that work without JavaScript."""
