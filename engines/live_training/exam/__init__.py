"""How good the pictures of a run are, and whether they are copies."""
