"""Mail sent by the workers."""
