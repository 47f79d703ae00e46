"""What the linting half does."""
