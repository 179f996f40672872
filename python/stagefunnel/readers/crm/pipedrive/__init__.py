"""Pipedrive: changes of deals, and the lists beside them."""
