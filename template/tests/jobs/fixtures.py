"""A plugin for all tests: the API accepts a type of job, whatever types the service has."""

import tests.jobs.report_job  # noqa: F401  (registers it)
