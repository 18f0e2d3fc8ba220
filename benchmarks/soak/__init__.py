"""`make soak`: a hub as in production under everything at once, and what grows is found and named."""
