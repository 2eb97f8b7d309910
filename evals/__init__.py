"""Question sets to scores."""
