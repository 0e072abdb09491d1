"""Files of music: what is read becomes a Piece, and what is written comes from one."""
