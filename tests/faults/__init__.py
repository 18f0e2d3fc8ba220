"""What goes wrong in production, done on purpose; what was seen then is the table of docs/faults.md."""
