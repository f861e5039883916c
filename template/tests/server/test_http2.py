"""HTTP/2, for servers that speak it: in clear text, as a proxy before them would."""

from collections.abc import Iterator

import pytest
from httpx2 import Client, Response

from tests.processes import Service
from tests.server.http2 import HTTP2Connection
from tests.server.service import serving_more

pytestmark = pytest.mark.process
TOO_LARGE = 3 * 1024 * 1024


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose log has no exception at the end."""
    folder = tmp_path_factory.mktemp("service")
    with serving_more(folder) as service:
        yield service
        assert not [line for line in service.lines() if "exception" in line]
        assert "Traceback" not in (folder / "stderr").read_text()


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    """A client that has begun with HTTP/2."""
    with Client(base_url=service.url, http1=False, http2=True, timeout=20) as client:
        assert client.get("/health/live").http_version == "HTTP/2"
        yield client


def connection(response: Response) -> tuple[str, int]:
    """Return the client's address of the connection that a response came over."""
    return response.extensions["network_stream"].get_extra_info("client_addr")


@pytest.mark.parametrize("path", ["/api/v1/specimens", "/health/live", "/slow/0.2"])
def test_an_early_response_leaves_other_requests_of_the_connection_alone(
    service: Service, path: str
) -> None:
    with HTTP2Connection(service.url) as connection:
        slow = connection.request("GET", "/slow/1.5")

        large = connection.request("POST", path, b"[" * TOO_LARGE)

        assert connection.answer(large) in {"401", "405", "413"}
        assert connection.answer(slow) == "200"
        assert connection.answer(connection.request("GET", "/health")) == "200"


@pytest.mark.parametrize("path", ["/health", "/health/live", "/api/v1/nowhere"])
def test_head_is_answered_without_a_body(client: Client, path: str) -> None:
    get = client.get(path)

    head = client.head(path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    assert connection(head) == connection(get)


def test_a_connection_serves_any_number_of_requests(client: Client) -> None:
    answers = [client.get("/health/live") for _ in range(1100)]

    assert {answer.status_code for answer in answers} == {200}
    assert len({connection(answer) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("method", "path"), [("CONNECT", None), ("GET", "/caf\xe9"), ("POST", "/\u20ac?q")]
)
def test_a_malformed_request_leaves_other_requests_of_the_connection_alone(
    service: Service, method: str, path: str | None
) -> None:
    with HTTP2Connection(service.url) as connection:
        slow = connection.request("GET", "/slow/0.5")

        malformed = connection.request(method, path)

        assert connection.answer(malformed) in {"reset", "404"}
        assert connection.answer(slow) == "200"
