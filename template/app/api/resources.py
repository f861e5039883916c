"""The resources of the API. This file is yours: `just resource` adds a line to it."""

# By tag of the OpenAPI document: the module of endpoints, and what the document says of the tag.
RESOURCES = {
    "Items": ("app.api.v1.endpoints.items", "Items for sale and their stock"),
    # project resources
}
