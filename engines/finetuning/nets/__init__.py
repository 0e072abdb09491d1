"""The networks that classify: over a text encoder, over pictures, over runs of characters."""
