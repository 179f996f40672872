"""From files, answers and tables in memory to tables of text whose rows can be found again."""
