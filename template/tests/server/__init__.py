"""The server that was chosen, as it is deployed: what is promised here holds for each of them."""
