"""Event streams: topics and their subscribers, replay, snapshots, dispatch, and the writing of bytes."""
