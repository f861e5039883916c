"""Metrics of orders."""

from app.observability.metrics.definitions import counter

STATUSES = ("pending", "confirmed", "cancelled")

ORDERS = counter("orders_total", "Orders that became pending, confirmed or cancelled", "status")

for status in STATUSES:
    ORDERS.labels(status)
