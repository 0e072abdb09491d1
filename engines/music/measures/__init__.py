"""What is measured of music: rules that a teacher knows, figures, and what counting alone reaches."""
