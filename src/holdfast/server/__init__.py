"""Where the parts are joined: the centre's home, settings, addresses, the two processes."""
