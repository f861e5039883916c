"""Development tools: the servers that the service needs, without installation.

They are not deployed. `python -m dev` prints the commands.
"""
