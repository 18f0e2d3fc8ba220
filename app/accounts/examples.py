"""What the examples of accounts in the documents of the API have in common."""

ALICE = "0b9a51d2-6f1e-4d6b-9f60-2f6d2f8f7a11"
EMAIL, PASSWORD = "alice@example.org", "open sesame"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"  # noqa: S105 - no token of an account
