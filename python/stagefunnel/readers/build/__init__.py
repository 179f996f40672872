"""From the rows that a reader takes out of an export to its log, pipelines and items."""
