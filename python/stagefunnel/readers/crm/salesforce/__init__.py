"""Salesforce: histories of opportunities, and the lists beside them."""
