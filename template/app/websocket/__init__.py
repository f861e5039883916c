"""WebSocket connections, channels and events. The protocol is described in docs/websocket.md."""
