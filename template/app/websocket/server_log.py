"""What servers write about WebSockets by themselves, and should not."""

import logging

# Uvicorn's line of each handshake has the query; the others say what our own lines say, or take
# an answer of ours for a mistake.
CHATTER = (
    '%s - "WebSocket',
    "connection ",
    "ASGI callable returned without completing handshake",
)


def harmless(record: logging.LogRecord) -> bool:
    """Drop the chatter, and what is for debugging: it has every header, and so the tokens."""
    return record.levelno >= logging.INFO and not str(record.msg).startswith(CHATTER)


def keep_tokens_out() -> None:
    """Let nothing else be written. A filter that is there already is not added again."""
    logging.getLogger("uvicorn.error").addFilter(harmless)
