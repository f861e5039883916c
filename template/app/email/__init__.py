"""Sending mail: rendered from templates, through one of several backends, in the background."""
