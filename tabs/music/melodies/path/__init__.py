"""The way from one melody to another."""
