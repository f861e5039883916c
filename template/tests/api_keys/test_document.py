"""What the OpenAPI document says of API keys."""

from fastapi import FastAPI

from tests.routes import operations

KEY, LOGIN = {"ApiKey": []}, {"OAuth2PasswordBearer": []}
REFUSING = {"logout", "change_password", "update_me", "create_api_key", "delete_api_key"}
OF_ACCOUNTS = {"update_user", "delete_user"}


def test_keys_are_described(app: FastAPI) -> None:
    document = app.openapi()

    scheme = document["components"]["securitySchemes"]["ApiKey"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert "POST /api/v1/users/me/api-keys" in document["info"]["description"]


def test_each_operation_lists_what_it_accepts(app: FastAPI) -> None:
    by_security: dict[str, set[str]] = {}
    for operation in operations(app):
        by_security.setdefault(str(operation.document["security"]), set()).add(operation.id)

    assert by_security.keys() == {"[]", str([LOGIN]), str([LOGIN, KEY])}
    assert by_security[str([LOGIN])] >= REFUSING
    assert by_security[str([LOGIN, KEY])] >= OF_ACCOUNTS | {"get_me", "get_user", "list_users"}


def test_an_operation_that_refuses_keys_says_so(app: FastAPI) -> None:
    saying = {
        operation.id
        for operation in operations(app)
        if "api_key_not_allowed" in str(operation.document["responses"].get("403"))
    }

    assert saying >= REFUSING | OF_ACCOUNTS
    assert saying.isdisjoint({"get_me", "list_users", "login"})
