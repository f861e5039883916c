"""`python -m dev.fake_redis PORT`: fakeredis as a server, where no Redis is installed."""

import sys
from typing import Any

from fakeredis import TcpFakeServer
from redis.exceptions import RedisError


class FakeRedis(TcpFakeServer):
    """A fakeredis server with concurrent connections that stay open after an error reply."""

    request_queue_size = 128
    daemon_threads = True

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one client until it disconnects."""
        handler: Any = self.RequestHandlerClass
        type("Handler", (handler,), {"setup": _setup})(request, client_address, self)


def _setup(handler: Any) -> None:
    """Return errors as replies: for one that is raised, the server disconnects the client."""
    super(type(handler), handler).setup()
    client = handler.current_client
    read = client.read_response

    def read_response() -> Any:
        try:
            return read()
        except RedisError as error:
            return error

    client.read_response = read_response


if __name__ == "__main__":
    FakeRedis(("127.0.0.1", int(sys.argv[1])), server_type="redis").serve_forever()
