"""What every answer looks like: its columns, types and labels."""
