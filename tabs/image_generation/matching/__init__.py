"""Words and pictures: a picture encoder that learns, live, what emoji are called."""
