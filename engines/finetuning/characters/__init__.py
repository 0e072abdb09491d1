"""A classifier that reads characters: its network, how it learns, and the code that goes with it."""
