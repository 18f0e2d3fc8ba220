"""Authentication: users, passwords, tokens and their revocation, principals, service clients."""
