"""The service: see app/main.py for how it is put together."""
