"""Background jobs: kept in the database, dispatched and run by Celery."""
