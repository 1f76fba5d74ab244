"""What templates of the pages can do besides."""
