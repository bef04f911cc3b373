"""How config.py reads the environment, and the rules for variables and settings."""
