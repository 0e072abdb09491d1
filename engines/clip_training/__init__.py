"""Words and pictures in one space, learnt live."""
