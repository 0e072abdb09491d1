"""Tunes: a score, what writes them, and what can be done with them."""
