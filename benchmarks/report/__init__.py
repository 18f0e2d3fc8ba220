"""What was measured, and how it is shown: book, goals, tables, plot."""
