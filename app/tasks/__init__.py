"""The built-in task service behind `/tasks`: reads an advertisement's image and describes its concept."""
