"""The service. Start reading at app/main.py and app/features.py."""

import gc

# Python would look for garbage after every 700 new objects: a twentieth of the time of a request.
gc.set_threshold(10_000, 20, 50)
