"""Between workers: mailboxes, who belongs to the cluster, and questions to all of it."""
