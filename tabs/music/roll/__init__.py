"""The piano roll: four voices to see, to hear and to change."""
