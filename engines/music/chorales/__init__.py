"""Chorales on a grid: the data, what fills their holes, and what is asked for."""
