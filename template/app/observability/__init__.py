"""What tells people how the service is: each module is a feature of its own."""
