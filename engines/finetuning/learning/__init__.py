"""How a classifier learns: networks, steps, checkpoints."""
