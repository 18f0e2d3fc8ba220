"""Deployment of the hub; `machine` deploys it on one machine without containers."""
