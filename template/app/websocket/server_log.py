"""What servers write about WebSockets by themselves, and should not."""

import logging


def harmless(record: logging.LogRecord) -> bool:
    """Drop Uvicorn's line of each handshake, which has the query, and what it says for debugging,
    which has every header and so the tokens. Our own lines say what there is to know.
    """
    return record.levelno >= logging.INFO and '"WebSocket' not in str(record.msg)


def keep_tokens_out() -> None:
    """Let nothing else be written. A filter that is there already is not added again."""
    logging.getLogger("uvicorn.error").addFilter(harmless)
