"""Documents to passages to library: reading, splitting, embedding, keeping, finding."""

import os

# NumPy multiplies small matrices here; threads of its own only wait for each other and take the cores from the model.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
