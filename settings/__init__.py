"""How config.py reads the environment (`environment`) and what it can find wrong (`checks`)."""
