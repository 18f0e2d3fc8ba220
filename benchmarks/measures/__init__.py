"""One file per question. Each takes the bench and servers, and writes figures into the book."""
