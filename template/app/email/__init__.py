"""Mail: rendered from templates, and sent by one of several backends in the background."""
