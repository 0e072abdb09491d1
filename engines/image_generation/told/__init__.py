"""What a picture's file tells of how it was made, by this program or another."""
