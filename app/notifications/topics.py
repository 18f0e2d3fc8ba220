"""The topic of a recipient's inbox."""

KIND = "inbox"


def inbox(recipient_id: int) -> str:
    return f"{KIND}:{recipient_id}"
