"""Which rate a request is held to."""

import re
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from limits import RateLimitItem
from starlette.types import Scope

from app.core.route import is_upkeep, path_below_root
from app.core.settings import SettingsError
from app.rate_limit.settings import RateLimitSettings

PARAMETER = re.compile(r"{[^}]*}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rate, and its name in the headers."""

    name: str
    rate: RateLimitItem


@dataclass(frozen=True, slots=True)
class RouteRule(Rule):
    """A rate for one route. The route's own pattern decides what it is about."""

    method: str
    path: re.Pattern[str]


class Rules:
    """The default, and what the operator has set for single routes."""

    def __init__(self, settings: RateLimitSettings, app: FastAPI) -> None:
        self.default = Rule("default", settings.rate_limit_default)
        self.routes = [
            RouteRule(f"{method} {path}", rate, method, find_route(app, method, path))
            for (method, path), rate in settings.rate_limit_routes.items()
        ]

    def find(self, scope: Scope) -> Rule | None:
        """Return what the request is held to; None if it is free."""
        path = path_below_root(scope)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if is_upkeep(path) or method == "OPTIONS":
            return None
        for rule in self.routes:
            if rule.method == method and rule.path.match(path):
                return rule
        return self.default


def find_route(app: FastAPI, method: str, path: str) -> re.Pattern[str]:
    """Find the pattern of a route. A rule for none would protect nothing, and nobody would see."""
    for context in iter_route_contexts(app.routes):
        template = str(getattr(context, "path_format", context.path))
        if method in (context.methods or ()) and _anonymous(template) == _anonymous(path):
            return context.path_regex
    raise SettingsError(f"RATE_LIMIT_ROUTES: there is no route {method} {path}")


def _anonymous(path: str) -> str:
    """Forget how the parameters are called."""
    return PARAMETER.sub("{}", path)
