"""For machines: HTTP, one file a resource."""
