"""Notifications: recipients named by an application, and messages that wait until they are acknowledged."""
