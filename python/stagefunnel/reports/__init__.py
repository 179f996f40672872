"""One page about a log: both funnels, losses, skips, time in stage, moves and the trend."""
