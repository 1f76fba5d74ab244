"""How the registry reaches its replicas, and how both sides know that they hold the same.

chain      every entry of the feed fixes all before it
digest     what a copy holds, as one number that both sides find by themselves
signed     a head in JSON, rows behind it, and the centre's signature over both
delta      the entries of the feed from one number to another
snapshot   all that stands at a number, in parts
models     what the centre keeps of the feed beyond its entries
"""
