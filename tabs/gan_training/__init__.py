"""The Live GAN training tab."""
