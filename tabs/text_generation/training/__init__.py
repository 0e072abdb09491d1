"""Train your own: a language model that learns from nothing, as a panel of the text tab."""
