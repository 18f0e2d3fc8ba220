"""The console: a page for people who would rather look than read, built on the documented API alone."""
