"""Settings of the traces, with the names of OpenTelemetry."""

from typing import Annotated, Literal

from pydantic import Field, HttpUrl

from app.core.project import PROJECT
from app.core.settings import EnvSettings


class TracingSettings(EnvSettings):
    """Without `OTEL_EXPORTER_OTLP_ENDPOINT` tracing is disabled."""

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
    # The ratio of the two `traceidratio`.
    otel_traces_sampler_arg: Annotated[float, Field(ge=0, le=1)] = 1.0

    @property
    def endpoint(self) -> str:
        """The URL of the exporter (OTLP over HTTP)."""
        return f"{str(self.otel_exporter_otlp_endpoint).rstrip('/')}/v1/traces"
