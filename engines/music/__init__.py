"""Music: notes, scores, sound, and the measures of them."""
