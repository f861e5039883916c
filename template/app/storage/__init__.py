"""Where uploaded files are kept, and which ones are taken."""
