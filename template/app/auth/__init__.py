"""Authentication: passwords, tokens and the login throttle. Knows no user table."""
