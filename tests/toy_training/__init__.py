"""A family of live trainings as small as can be: the recipe of README.md, tried by test_newcomer.py."""
