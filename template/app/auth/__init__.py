"""Proving who somebody is: passwords, tokens, and what guards them. Knows no user table."""
