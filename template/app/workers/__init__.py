"""Background jobs: kept in the database, announced and run by Celery."""
