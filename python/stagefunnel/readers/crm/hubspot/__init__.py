"""HubSpot: histories of deals, and the pipelines beside them."""
