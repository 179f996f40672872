"""The subcommands, by what they ask."""
