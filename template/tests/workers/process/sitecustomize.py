"""Python runs this in every process that has this folder in its path: a type of job."""

import tests.jobs.report_job  # noqa: F401  (registers it)
