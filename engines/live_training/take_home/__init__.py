"""A trained model of any family to take home."""
