"""Takes orders off a queue and stores each one once."""
