"""Where traces go, and how many: by the names that OpenTelemetry gives them."""

from typing import Annotated, Literal

from pydantic import Field, HttpUrl

from app.core.project import PROJECT
from app.core.settings import EnvSettings


class TracingSettings(EnvSettings):
    """Without `OTEL_EXPORTER_OTLP_ENDPOINT` nothing is traced."""

    otel_exporter_otlp_endpoint: HttpUrl | None = None
    otel_service_name: str = PROJECT.name
    otel_traces_sampler: Literal[
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
    ] = "parentbased_always_on"
    # The share of the two `traceidratio`.
    otel_traces_sampler_arg: Annotated[float, Field(ge=0, le=1)] = 1.0

    @property
    def endpoint(self) -> str:
        """Where spans are posted (OTLP over HTTP)."""
        return f"{str(self.otel_exporter_otlp_endpoint).rstrip('/')}/v1/traces"
