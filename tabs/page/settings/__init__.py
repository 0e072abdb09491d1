"""What stands above a form, and sets it."""
