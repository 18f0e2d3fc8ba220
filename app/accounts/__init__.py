"""Area 1: accounts, in the two dialects that its clients speak."""
