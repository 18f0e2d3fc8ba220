"""Who is calling, and may the token still be used: users, passwords, tokens, revocation, principals."""
