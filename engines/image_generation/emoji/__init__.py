"""The bundled model: its pictures, networks, sampler and training."""
