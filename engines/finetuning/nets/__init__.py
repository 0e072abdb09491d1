"""The networks that classify: over a text encoder, and over pictures."""
