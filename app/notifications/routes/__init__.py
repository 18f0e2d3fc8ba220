"""The HTTP side of notifications: what back ends call, and a recipient's inbox."""
