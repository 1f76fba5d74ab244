"""A replica: a bank's own copy of the registry, kept up to date beside its payment engine.

freshness  how old what it holds may be, and when it must not say "not listed" any more
holding    the folder: an index, how far the feed was followed, and what was begun
following  the way to the centre: deltas, snapshots, confirmations
answering  what the payment engine is told on this machine
"""
