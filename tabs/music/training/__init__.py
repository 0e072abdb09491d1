"""Train your own: a network that learns chorales live."""
