"""Frames, channels, and which clients receive which message."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.models.user import User
from tests.websocket.clients import Client, eventually
from tests.websocket.conftest import Join

BAD_FRAMES: list[tuple[str | bytes, str]] = [
    ("", "malformed_json"),
    ("{", "malformed_json"),
    ('"\\ud800"', "malformed_json"),
    ("[" * 1000, "malformed_json"),
    ("null", "validation_error"),
    ("[]", "validation_error"),
    ("{}", "validation_error"),
    ('{"type": "shout"}', "validation_error"),
    ('{"type": "ping", "secret": 1}', "validation_error"),
    ('{"type": "subscribe"}', "validation_error"),
    ('{"type": "subscribe", "channel": "A"}', "validation_error"),
    ('{"type": "subscribe", "channel": "a\\n"}', "validation_error"),
    ('{"type": "subscribe", "channel": 7}', "validation_error"),
    (f'{{"type": "subscribe", "channel": "{"a" * 65}"}}', "validation_error"),
    ('{"type": "publish", "channel": "a"}', "validation_error"),
    ('{"type": "publish", "channel": "a", "data": 1, "from": "me"}', "validation_error"),
    (b'{"type": "ping"}', "unsupported_media_type"),
]


@pytest.fixture
async def client(join: Join) -> Client:
    """A connected client."""
    return await join()


async def test_ping_is_answered_by_pong(client: Client) -> None:
    assert await client.ask(type="ping") == {"type": "pong"}


@pytest.mark.parametrize(("sent", "code"), BAD_FRAMES)
async def test_a_bad_frame_is_answered_with_an_error_and_the_connection_stays(
    client: Client, sent: str | bytes, code: str
) -> None:
    await client.socket.send(sent)
    answer = await client.receive()

    assert answer.keys() == {"type", "code", "detail"}
    assert (answer["type"], answer["code"]) == ("error", code)
    assert "secret" not in answer["detail"]
    assert await client.ask(type="ping") == {"type": "pong"}


@pytest.mark.parametrize("data", [None, 1, "é\u2028", [], {"from": "me", "id": 1}, [{"a": [1.5]}]])
async def test_a_message_has_an_envelope_that_a_client_cannot_change(
    join: Join, user: User, data: Any
) -> None:
    publisher, subscriber = await join(user), await join()
    await subscriber.subscribe("tea-room:1_a")

    await publisher.publish("tea-room:1_a", data)
    message = await subscriber.receive()

    assert message.keys() == {"type", "id", "channel", "from", "data", "sent_at"}
    assert (message["type"], message["channel"]) == ("message", "tea-room:1_a")
    assert (message["from"], message["data"]) == (str(user.id), data)
    assert UUID(message["id"])
    assert datetime.fromisoformat(message["sent_at"]).tzinfo is not None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
async def test_a_number_that_json_does_not_have_is_a_bad_frame(client: Client, number: str) -> None:
    await client.subscribe("lobby")

    await client.socket.send(f'{{"type": "publish", "channel": "lobby", "data": [{number}]}}')

    assert (await client.receive())["code"] in {"malformed_json", "validation_error"}
    assert await client.waiting() == []


async def test_every_subscriber_receives_each_message_once_and_in_order(join: Join) -> None:
    clients = [await join() for _ in range(3)]
    for client in clients:
        await client.subscribe("lobby")
        await client.subscribe("lobby")

    for number in range(5):
        await clients[0].publish("lobby", number)
    await clients[0].waiting()
    received = [[frame["data"] for frame in await client.waiting()] for client in clients[1:]]

    assert received == [[0, 1, 2, 3, 4]] * 2


async def test_a_publisher_receives_its_own_messages_if_it_has_subscribed(client: Client) -> None:
    await client.publish("lobby", 1)
    await client.subscribe("lobby")
    await client.publish("lobby", 2)

    assert [frame["data"] for frame in await client.waiting()] == [2]


async def test_an_unsubscribed_client_receives_no_messages(app: FastAPI, client: Client) -> None:
    await client.subscribe("lobby")

    answer = await client.ask(type="unsubscribe", channel="lobby")
    await client.publish("lobby", 1)

    assert answer == {"type": "unsubscribed", "channel": "lobby"}
    assert await client.waiting() == []
    assert not app.state.websocket.subscribers


async def test_a_closed_connection_is_removed(app: FastAPI, client: Client) -> None:
    manager = app.state.websocket
    [connection] = manager.connections
    await client.subscribe("lobby")
    assert len(manager.connections) == 1

    await client.socket.close()
    await connection.closed

    assert len(manager.connections) == 0
    assert not manager.subscribers
    await eventually(lambda: not manager.connections_by_user)


async def test_a_private_channel_is_closed_to_other_users(join: Join, user: User) -> None:
    owner, other = await join(user), await join()
    channel = f"user:{user.id}"

    for frame in ({"type": "subscribe"}, {"type": "publish", "data": 1}):
        answer = await other.ask(channel=channel, **frame)
        assert (answer["type"], answer["code"]) == ("error", "permission_denied")
    await owner.subscribe(channel)
    await owner.publish(channel, 2)

    assert [frame["data"] for frame in await owner.waiting()] == [2]
