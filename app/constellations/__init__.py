"""Area 2: constellations, shared workspaces with rights, folders, files, comments and live updates."""
