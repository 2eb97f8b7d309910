"""Question sets to scores."""

# Before NumPy: it sets how many threads that takes, which makes a search four times as slow when it is left out.
import ingest as ingest
