"""The service. Start reading at app/main.py and app/features.py."""
