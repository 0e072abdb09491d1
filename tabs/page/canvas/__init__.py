"""A picture to draw on, or to paint a mask over."""
