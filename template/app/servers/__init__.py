"""The server that `python -m app serve` runs: the module named by `[tool.app] server`.

Each has one function, `serve(settings)`, which returns the exit code when it was told to stop.
They agree on what is here, and on the rest of docs/server.md.
"""

# Seconds that an idle connection is kept: longer than proxies do (nginx 60), for if the server is
# the first to close, a request may already be on its way.
KEEP_ALIVE_SECONDS = 75
# Of a WebSocket message, and of all headers of a request.
MESSAGE_BYTES = 1024 * 1024
HEADER_BYTES = 64 * 1024
# Connections that wait to be accepted.
BACKLOG = 2048
# Seconds beyond drain and grace after which a process that does not end is killed.
LAST_SECONDS = 5
