"""Tables of no CRM's format, read by their shape: events, moves, stays, dates per stage."""
