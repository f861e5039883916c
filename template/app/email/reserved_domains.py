"""Top-level domains that no public mail server knows, and that internal networks use."""

from collections.abc import Collection

import email_validator

RESERVED = tuple(email_validator.SPECIAL_USE_DOMAIN_NAMES)


def accept_reserved_domains(domains: Collection[str]) -> None:
    """Accept addresses below these domains, and below no other that is reserved.

    The validator has one list for the whole process, which its documentation says to change.
    """
    refused = [name for name in RESERVED if name not in domains]
    email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = refused
