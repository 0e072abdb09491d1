"""Blind tests: two things of which one is real, and how often people tell which."""
