"""Documents to passages to library: reading, splitting, embedding, keeping, finding."""
