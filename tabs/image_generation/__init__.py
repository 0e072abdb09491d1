"""The Image generation tab."""
