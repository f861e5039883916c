"""How often one caller may ask this service."""
