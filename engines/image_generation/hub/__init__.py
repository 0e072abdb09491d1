"""Models of the Hugging Face hub, through diffusers."""
