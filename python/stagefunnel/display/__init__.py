"""Every answer is a table; here it is shown to people."""
