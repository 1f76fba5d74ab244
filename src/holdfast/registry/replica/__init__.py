"""A replica: a bank's own copy of the registry, kept up to date beside its payment engine.

joining    which replica of whose it is, by the centre's word
keyring    by which keys the centre is known, and how one introduces the next
freshness  how old what it holds may be, and when it must not say "not listed" any more
holding    the folder: an index, how far the feed was followed, and what was begun
following  the way to the centre: deltas, snapshots, confirmations
answering  what the payment engine is told on this machine
recording  what it was told, on record beside it
whole_file how files of the folder are written
"""
