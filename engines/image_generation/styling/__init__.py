"""Pictures in the manner of another (arbitrary style transfer)."""
