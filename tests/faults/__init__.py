"""What goes wrong in production, done on purpose; docs/reports/faults.md has what was seen."""
