"""Object storage for uploaded files: a local folder, S3 or memory."""
