"""A run taken home as a script."""
