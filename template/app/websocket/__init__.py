"""Messages to those who are connected, on whichever process. The protocol: docs/websocket.md."""
