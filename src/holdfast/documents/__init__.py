"""What is printed: pictures of a trail."""
