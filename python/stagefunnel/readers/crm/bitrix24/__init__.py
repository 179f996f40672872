"""Bitrix24: histories of leads and deals, and the lists beside them."""
