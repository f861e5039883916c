"""The resources of the API. This file is yours: `just resource` adds a line to it."""

# By tag of the OpenAPI document: the module of endpoints, and what the document says of the tag.
RESOURCES: dict[str, tuple[str, str]] = {
    # project resources
}
