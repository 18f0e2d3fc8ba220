"""The HTTP side of accounts: bearer tokens, the cookie, and stream tickets."""
