"""Between workers: mailboxes, membership of the cluster, and surveys of all workers."""
