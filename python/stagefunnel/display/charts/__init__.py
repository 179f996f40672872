"""Charts of result tables, one file each; they need the extra ``plots``."""
