"""The Text generation tab."""
