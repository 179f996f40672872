"""Take away the width that workers of pytest-xdist are given, in which narrow tables leave columns out."""

import os

os.environ.pop("COLUMNS", None)
