"""Music: notes, and models that compose, harmonise and repair it."""
