"""`python -m app`."""

import sys
from importlib import import_module

from app.servers import garbage_collection_paused

with garbage_collection_paused():
    main = import_module("app.cli").main

sys.exit(main())
