"""Real or made? Two things of which one is real: a card for whatever can be shown."""
