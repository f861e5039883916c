"""Permissions that roles grant. The permissions themselves are in app/auth/permissions.py."""
