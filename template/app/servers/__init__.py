"""The server that `python -m app serve` runs: the module named by `[tool.app] server`.

Each module has one function, `serve(settings)`, which returns the exit code. All use the limits
below, and behave as docs/server.md says.
"""

# Longer than proxies keep idle connections (nginx 60 s): if the server closes first, a request may
# already be on its way.
KEEP_ALIVE_SECONDS = 75
# Of a WebSocket message, and of all headers of a request.
MAX_MESSAGE_BYTES = 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024
BACKLOG = 2048
# After drain and grace, a process that does not end is killed.
KILL_TIMEOUT_SECONDS = 5
