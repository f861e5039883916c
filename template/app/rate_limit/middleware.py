"""The rate limit of every request, by user or address, and its settings."""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from limits import RateLimitItem, parse
from pydantic import BeforeValidator
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.exceptions import TooManyRequestsError
from app.core.http import is_probe_or_metrics, path_below_root
from app.core.problem import problem_response
from app.core.settings import EnvSettings, SettingsError, split_list
from app.core.state import app_of
from app.rate_limit.limiter import Rate, RateLimiter, client_key, limit_headers

ROUTE = re.compile(r"([A-Za-z]+) +(/\S*)")
PATH_PARAMETER = re.compile(r"{[^}]*}")
RESPONSE_STARTS = {"http.response.start", "websocket.http.response.start", "websocket.accept"}


def parse_routes(value: Any) -> Any:
    """Parse `{"POST /api/v1/books": "30/minute"}` or `POST /api/v1/books=30/minute, ...`."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("{"):
        value = dict(_parse_pair(part) for part in split_list(value))
    else:
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            raise ValueError("is neither a JSON object nor separated by commas") from None
    return {_parse_route(name): rate for name, rate in value.items()}


def _parse_pair(part: str) -> tuple[str, str]:
    name, equals, rate = part.rpartition("=")
    if not equals:
        raise ValueError(f'"{part}" is not like POST /api/v1/books=30/minute')
    return name.strip(), rate.strip()


def _parse_route(name: str) -> tuple[str, str]:
    match = ROUTE.fullmatch(name.strip())
    if not match:
        raise ValueError(f'"{name}" is not a method and a path, like POST /api/v1/books')
    return match[1].upper(), match[2]


class RateLimitSettings(EnvSettings):
    """Rates for each client: a user, or an address that sends no valid token."""

    rate_limit_enabled: bool = True
    rate_limit_default: Rate = parse("300/minute")
    # By method and path, instead of the default.
    rate_limit_routes: Annotated[dict[tuple[str, str], Rate], BeforeValidator(parse_routes)] = {}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rate, by its name in the headers; without a path for all other routes."""

    name: str
    rate: RateLimitItem
    method: str = ""
    path: re.Pattern[str] | None = None


class Rules:
    """The default rate, and the rates of single routes."""

    def __init__(self, settings: RateLimitSettings, app: FastAPI) -> None:
        self.default = Rule("default", settings.rate_limit_default)
        self.routes = [
            Rule(f"{method} {path}", rate, method, path_regex(app, method, path))
            for (method, path), rate in settings.rate_limit_routes.items()
        ]

    def find(self, scope: Scope) -> Rule | None:
        """Return the rule of a request; None if it is exempt."""
        path = path_below_root(scope)
        if scope["type"] == "websocket":
            path = path.rstrip("/")  # it is not redirected
        method = scope.get("method", "GET")  # a WebSocket has none
        method = "GET" if method == "HEAD" else method
        if is_probe_or_metrics(path) or method == "OPTIONS":
            return None
        for rule in self.routes:
            if rule.method == method and rule.path and rule.path.match(path):
                return rule
        return self.default


def path_regex(app: FastAPI, method: str, path: str) -> re.Pattern[str]:
    """Return the pattern of a route's paths, or raise `SettingsError` if there is no such route."""
    for context in iter_route_contexts(app.routes):
        template = str(getattr(context, "path_format", context.path))
        methods = context.methods or {"GET"}  # a WebSocket has none
        if method in methods and _unnamed(template) == _unnamed(path):
            return context.path_regex
    raise SettingsError(f"RATE_LIMIT_ROUTES: there is no route {method} {path}")


def _unnamed(path: str) -> str:
    return PATH_PARAMETER.sub("{}", path)


class RateLimitMiddleware:
    """Answers 429 to clients that exceed their rate, and adds the headers to all other answers.

    It is outside of whatever costs time, and inside of what corrects the client's address.
    """

    def __init__(self, app: ASGIApp, rules: Rules, limiter: RateLimiter) -> None:
        self.app = app
        self.rules = rules
        self.limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or the handshake of one WebSocket."""
        rule = self.rules.find(scope) if scope["type"] != "lifespan" else None
        if rule is None:
            await self.app(scope, receive, send)
            return
        key = ("request", rule.name, *await request_key(scope))
        window = await self.limiter.hit(rule.rate, *key)
        headers = limit_headers(rule.name, rule.rate, window)

        async def send_with_headers(message: Message) -> None:
            if message["type"] in RESPONSE_STARTS:
                append_headers(MutableHeaders(scope=message), headers)
            await send(message)

        app = self.app if window.allowed else reject
        await app(scope, receive, send_with_headers)


async def request_key(scope: Scope) -> tuple[str, str]:
    """Return the user of a request, or else the address."""
    get_user_id = app_of(scope).state.get_user_id
    if get_user_id and (user_id := await get_user_id(scope)):
        return "user", user_id
    return "address", client_key(scope["client"][0] if scope.get("client") else "unknown")


def append_headers(headers: MutableHeaders, values: dict[str, str]) -> None:
    """Append values to those of a stricter limit further inside, such as that of logins."""
    for name, value in values.items():
        headers[name] = ", ".join(filter(None, (headers.get(name), value)))


async def reject(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 429 as the app answers its errors."""
    error = TooManyRequestsError
    await problem_response(scope, error.status, error.code, error.detail)(scope, receive, send)
