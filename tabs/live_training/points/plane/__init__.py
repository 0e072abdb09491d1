"""Pictures of the plane: in the live view, and step by step."""
